// { file = "..." }, { credential = "..." } and { env = "...", default = "..." }: texts that stand
// elsewhere. There is no interpolation inside a text: what a file says is what it means.
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/nearest_name.h"
#include "service/config_node.h"

namespace warpscore {
namespace {

constexpr std::size_t kMaxFileBytes = 1 << 20;

const Node* member(const Node& table, std::string_view name) {
  for (const Node& item : table.items)
    if (item.name == name) return &item;
  return nullptr;
}

void refuse(Node& node, const Place& place, Findings& findings, const std::string& message,
            const std::string& mend) {
  findings.error(place, message, mend);
  node.kind = Node::Kind::kInvalid;
}

void become_text(Node& node, std::string text, Node::Reference reference) {
  node.kind = Node::Kind::kText;
  node.reference = reference;
  node.text = std::move(text);
  node.items.clear();
}

void read_file(Node& node, const Place& place, const std::filesystem::path& path,
               Node::Reference reference, Findings& findings) {
  // Looked at before it is opened: a pipe would wait for a writer for ever.
  std::error_code ignored;
  std::ifstream file;
  if (std::filesystem::is_regular_file(path, ignored)) file.open(path, std::ios::binary);
  if (!file.is_open())
    return refuse(node, place, findings, "cannot read " + path.string(),
                  "make the file and let the service's user read it");
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes)
    return refuse(node, place, findings, path.string() + " is longer than 1 MiB", "");
  // One line end, which editors and echo add, is no part of a password.
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty()) return refuse(node, place, findings, path.string() + " is empty", "");
  findings.hidden.push_back(text);
  become_text(node, std::move(text), reference);
}

void read_credential(Node& node, const Node& credential, Findings& findings) {
  const std::string& name = credential.text;
  if (name.find('/') != std::string::npos || name == "." || name == "..")
    return refuse(node, credential.place, findings, "\"" + name + "\" is no credential's name",
                  "give the name after LoadCredential=, without a folder");
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr || *folder == '\0')
    return refuse(node, credential.place, findings,
                  "there is no credential \"" + name + "\": CREDENTIALS_DIRECTORY is not set",
                  "add LoadCredential=" + name + ":/path to the unit, or set it by hand");
  read_file(node, credential.place, std::filesystem::path(folder) / name,
            Node::Reference::kCredential, findings);
}

void read_environment(Node& node, const Node& env, const Node* fallback, Findings& findings) {
  const char* value = std::getenv(env.text.c_str());
  if (value != nullptr && *value != '\0')
    return become_text(node, value, Node::Reference::kEnvironment);
  if (fallback != nullptr) {
    std::string text = fallback->text;
    return become_text(node, std::move(text), Node::Reference::kNone);
  }
  refuse(node, env.place, findings, "the environment variable " + env.text + " is not set",
         "set it, or add default = \"...\"");
}

}  // namespace

bool resolve_reference(Node& node, const std::filesystem::path& folder, Findings& findings) {
  const Node* file = member(node, "file");
  const Node* credential = member(node, "credential");
  const Node* env = member(node, "env");
  const Node* source = file != nullptr ? file : credential != nullptr ? credential : env;
  if (source == nullptr) return false;

  const Node* fallback = member(node, "default");
  for (const Node& item : node.items) {
    if (&item != source && !(&item == fallback && source == env)) {
      const bool second = &item == file || &item == credential || &item == env;
      refuse(node, item.key, findings,
             second ? "a reference names one source, this one names two" : "unknown key",
             &item == fallback ? "only { env = ... } has a default" : "");
      return true;
    }
    if (item.kind != Node::Kind::kText || item.text.empty()) {
      refuse(node, item.place, findings, "must be text that is not empty", "");
      return true;
    }
  }
  if (source == file) {
    const std::filesystem::path path = std::filesystem::path(file->text);
    read_file(node, file->place, path.is_absolute() ? path : folder / path, Node::Reference::kFile,
              findings);
  } else if (source == credential) {
    read_credential(node, Node(*credential), findings);
  } else {
    read_environment(node, Node(*env), fallback, findings);
  }
  return true;
}

}  // namespace warpscore
