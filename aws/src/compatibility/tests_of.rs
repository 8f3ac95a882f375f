//! Which tests try which operations, by what is in their sources.

use std::fs;
use std::io;
use std::path::Path;

use beamline_proto::aws::Operation;

/// Where tests of operations are.
const FOLDERS: [&str; 3] = ["aws/tests/api", "tests", "tests/clients/python"];

/// One test.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Test {
    /// File and function.
    pub(super) name: String,
    source: String,
}

impl Test {
    /// Whether it calls an operation: by its path, as the SDK for Python names it, or as the CLI does.
    pub(super) fn tries(&self, operation: &Operation) -> bool {
        let snake = snake(operation.name);
        let kebab = snake.replace('_', "-");
        [
            format!("\"{}\"", operation.path),
            format!("\"{snake}\""),
            format!(".{snake}"),
            format!("\"{kebab}\""),
        ]
        .iter()
        .any(|call| mentions(&self.source, call))
    }
}

/// Whether a text has a word in it, and not only as the beginning of a longer one.
fn mentions(text: &str, word: &str) -> bool {
    let goes_on = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut found = text.match_indices(word);
    found.any(|(at, _)| !text[at + word.len()..].starts_with(goes_on))
}

/// `GetTraceSummaries` → `get_trace_summaries`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// All tests, by file and in the order of the file.
pub(super) fn tests_below(root: &Path) -> io::Result<Vec<Test>> {
    let mut tests = Vec::new();
    for folder in FOLDERS {
        let mut files: Vec<_> = fs::read_dir(root.join(folder))?.collect::<Result<_, _>>()?;
        files.sort_by_key(fs::DirEntry::file_name);
        for file in files {
            let path = file.path();
            let read = match path.extension().and_then(|kind| kind.to_str()) {
                Some("rs") => in_rust,
                Some("py") => in_python,
                _ => continue,
            };
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            tests.extend(read(&name, &fs::read_to_string(&path)?));
        }
    }
    Ok(tests)
}

/// The functions after `#[test]` or `#[tokio::test]`, each until the brace that closes it at the margin.
fn in_rust(file: &str, text: &str) -> Vec<Test> {
    let mut tests = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if !matches!(line, "#[test]" | "#[tokio::test]") {
            continue;
        }
        let Some(head) = lines.find(|line| line.contains("fn ")) else {
            break;
        };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "}").collect();
        tests.extend(name_after(head, "fn ").map(|name| Test {
            name: format!("{file}::{name}"),
            source: body.join("\n"),
        }));
    }
    tests
}

/// The methods that begin with `test_`, each until the next line that is indented as it is.
fn in_python(file: &str, text: &str) -> Vec<Test> {
    let mut tests: Vec<Test> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(name) = line
            .strip_prefix("    def ")
            .and_then(|_| name_after(line, "def "))
            .filter(|name| name.starts_with("test_"))
        {
            inside = true;
            tests.push(Test {
                name: format!("{file}::{name}"),
                source: String::new(),
            });
        } else if !line.is_empty() && !line.starts_with("        ") {
            inside = false;
        } else if let Some(test) = tests.last_mut().filter(|_| inside) {
            test.source.push_str(line);
            test.source.push('\n');
        }
    }
    tests
}

fn name_after<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(word)?;
    let (name, _) = rest.split_once('(')?;
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use beamline_proto::generated::xray::SERVICE;

    fn check(tests: Vec<Test>, operation: &str, expected: &[&str]) {
        let operation = SERVICE.operations.iter().find(|it| it.name == operation).unwrap();
        let names: Vec<&str> = tests
            .iter()
            .filter(|test| test.tries(operation))
            .map(|test| test.name.as_str())
            .collect();
        assert_eq!(names, expected, "{}", operation.name);
    }

    #[test]
    fn tests_in_rust_are_found_by_the_path_they_post_to() {
        let text = "fn helper() {\n    \"/Groups\"\n}\n\n#[tokio::test]\nasync fn lists() {\n    post(\"/Groups\");\n}\n\n\
                    #[test]\nfn calls() {\n    aws(&[\"create-group\"]);\n}\n";
        check(in_rust("a", text), "GetGroups", &["a::lists"]);
        check(in_rust("a", text), "CreateGroup", &["a::calls"]);
        check(in_rust("a", text), "GetGroup", &[]);
    }

    #[test]
    fn tests_in_python_are_found_by_the_method_they_call() {
        let text = "class X:\n    def test_one(self):\n        self.xray.get_groups()\n\n        paginator(\"get_trace_graph\")\n\
                    \x20   def other(self):\n        self.xray.get_group()\n";
        check(in_python("b", text), "GetGroups", &["b::test_one"]);
        check(in_python("b", text), "GetTraceGraph", &["b::test_one"]);
        check(in_python("b", text), "GetGroup", &[]);
    }
}
