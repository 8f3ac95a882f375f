//! Stack traces as text, in the layout of each language, read into frames.

use std::borrow::Cow;

use crate::node::{Exception, Frame};

/// How many frames of one stack trace are read; the text keeps the rest.
const MAX_FRAMES: usize = 1_000;
/// How many causes of one exception are followed.
const MAX_CAUSES: usize = 32;

/// Which layout a stack trace has, from `telemetry.sdk.language`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Language {
    Java,
    Python,
    JavaScript,
    DotNet,
    Go,
    Rust,
    #[default]
    Unknown,
}

impl Language {
    pub(super) fn named(name: &str) -> Self {
        match name {
            "java" | "php" | "kotlin" | "scala" => Self::Java,
            "python" => Self::Python,
            "javascript" | "nodejs" | "webjs" => Self::JavaScript,
            "dotnet" => Self::DotNet,
            "go" => Self::Go,
            "rust" => Self::Rust,
            _ => Self::Unknown,
        }
    }
}

/// The frames of the exception itself, innermost first, and the exceptions that caused it, outermost first.
pub(super) fn parse(language: Language, text: &str) -> (Vec<Frame<'_>>, Vec<Exception<'_>>) {
    match language {
        Language::Java => java(text),
        Language::Python => python(text),
        Language::JavaScript => (lines(text, javascript), Vec::new()),
        Language::DotNet => (lines(text, dotnet), Vec::new()),
        Language::Go => (go(text), Vec::new()),
        Language::Rust => (rust(text), Vec::new()),
        Language::Unknown => (Vec::new(), Vec::new()),
    }
}

fn lines<'a>(text: &'a str, read: fn(&'a str) -> Option<Frame<'a>>) -> Vec<Frame<'a>> {
    text.lines()
        .filter_map(|line| read(line.trim()))
        .take(MAX_FRAMES)
        .collect()
}

fn frame<'a>(label: &'a str, path: &'a str, line: Option<&'a str>) -> Frame<'a> {
    let said = |text: &'a str| (!text.is_empty()).then_some(Cow::Borrowed(text));
    Frame {
        label: said(label),
        path: said(path),
        line: line.and_then(|line| line.parse().ok()),
    }
}

/// `Type: message`.
fn heading(line: &str) -> Exception<'_> {
    let (kind, message) = line.split_once(": ").unwrap_or((line, ""));
    Exception {
        kind: Some(Cow::Borrowed(kind)),
        message: (!message.is_empty()).then_some(Cow::Borrowed(message)),
        ..Exception::default()
    }
}

/// `path:line` and `path:line:column`.
fn path_and_line(text: &str) -> (&str, Option<&str>) {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let Some((rest, last)) = text.rsplit_once(':').filter(|(_, last)| number(last)) else {
        return (text, None);
    };
    match rest.rsplit_once(':').filter(|(_, line)| number(line)) {
        Some((path, line)) => (path, Some(line)),
        None => (rest, Some(last)),
    }
}

fn java(text: &str) -> (Vec<Frame<'_>>, Vec<Exception<'_>>) {
    let (mut own, mut causes) = (Vec::new(), Vec::<Exception<'_>>::new());
    for line in text.lines() {
        let line = line.trim();
        if let Some(cause) = line.strip_prefix("Caused by: ") {
            if causes.len() == MAX_CAUSES {
                break;
            }
            causes.push(heading(cause));
        } else if let Some(call) = line.strip_prefix("at ") {
            let (label, place) = call.split_once('(').unwrap_or((call, ""));
            // A module's name stands before the class.
            let label = label.rsplit_once('/').map_or(label, |(_, class)| class);
            let (path, line) = path_and_line(place.trim_end_matches(')'));
            let stack = causes.last_mut().map_or(&mut own, |cause| &mut cause.stack);
            if stack.len() < MAX_FRAMES {
                stack.push(frame(label, path, line));
            }
        }
    }
    (own, causes)
}

fn python(text: &str) -> (Vec<Frame<'_>>, Vec<Exception<'_>>) {
    // Oldest exception first, each with its innermost frame last; the last one is the exception itself.
    let mut blocks: Vec<Exception<'_>> = Vec::new();
    for line in text.lines() {
        if line.starts_with("Traceback ") {
            if blocks.len() > MAX_CAUSES {
                break;
            }
            blocks.push(Exception::default());
            continue;
        }
        let Some(block) = blocks.last_mut() else { continue };
        if let Some(place) = line.trim_start().strip_prefix("File \"") {
            let (path, rest) = place.split_once("\", line ").unwrap_or((place, ""));
            let (number, label) = rest.split_once(", in ").unwrap_or((rest, ""));
            if block.stack.len() < MAX_FRAMES {
                block.stack.push(frame(label, path, Some(number)));
            }
        } else if block.kind.is_none() && !line.is_empty() && !line.starts_with(' ') {
            let Exception { kind, message, .. } = heading(line);
            (block.kind, block.message) = (kind, message);
        }
    }
    blocks.iter_mut().for_each(|block| block.stack.reverse());
    let own = blocks.pop().unwrap_or_default();
    blocks.reverse();
    (own.stack, blocks)
}

fn javascript(line: &str) -> Option<Frame<'_>> {
    let call = line.strip_prefix("at ")?;
    let (label, place) = match call.strip_suffix(')').and_then(|call| call.rsplit_once(" (")) {
        Some((label, place)) => (label, place),
        None => ("", call),
    };
    let (path, line) = path_and_line(place);
    Some(frame(label, path, line))
}

fn dotnet(line: &str) -> Option<Frame<'_>> {
    let call = line.strip_prefix("at ")?;
    let Some((label, place)) = call.split_once(" in ") else {
        return Some(frame(call, "", None));
    };
    let (path, line) = place.rsplit_once(":line ").unwrap_or((place, ""));
    Some(frame(label, path, Some(line)))
}

fn go(text: &str) -> Vec<Frame<'_>> {
    let mut frames = Vec::new();
    let mut function = "";
    for line in text.lines() {
        if let Some(place) = line.strip_prefix('\t') {
            let place = place.split(" +0x").next().unwrap_or(place);
            let (path, line) = path_and_line(place);
            if frames.len() < MAX_FRAMES {
                frames.push(frame(function, path, line));
            }
        } else if !line.starts_with("goroutine ") {
            let called = line.strip_prefix("created by ").unwrap_or(line);
            function = called.rfind('(').map_or(called, |at| &called[..at]);
        }
    }
    frames
}

fn rust(text: &str) -> Vec<Frame<'_>> {
    let mut frames: Vec<Frame<'_>> = Vec::new();
    for line in text.lines().map(str::trim) {
        if frames.len() == MAX_FRAMES {
            break;
        }
        if let Some((_, place)) = line.split_once("panicked at ").filter(|_| frames.is_empty()) {
            let (path, line) = path_and_line(place.trim_end_matches(':'));
            frames.push(frame("", path, line));
        } else if let Some(place) = line.strip_prefix("at ") {
            let (path, number) = path_and_line(place);
            if let Some(last) = frames.last_mut() {
                let Frame { path, line, .. } = frame("", path, number);
                (last.path, last.line) = (path, line);
            }
        } else if let Some((number, function)) = line.split_once(": ")
            && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            frames.push(frame(function, "", None));
        }
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(language: Language, text: &str, expected: &[&str]) {
        let (own, causes) = parse(language, text);
        let shown = |frame: &Frame<'_>| {
            let label = frame.label.as_deref().unwrap_or("-");
            let path = frame.path.as_deref().unwrap_or("-");
            format!("{label} {path} {}", frame.line.unwrap_or(-1))
        };
        let mut lines: Vec<String> = own.iter().map(shown).collect();
        for cause in &causes {
            let message = cause.message.as_deref().unwrap_or("-");
            lines.push(format!("<{}: {message}>", cause.kind.as_deref().unwrap_or("-")));
            lines.extend(cause.stack.iter().map(shown));
        }
        assert_eq!(lines, expected);
    }

    #[test]
    fn java_causes_follow_their_exception() {
        let text = "java.lang.IllegalStateException: state is not legal\n\tat io.Cart.add(Cart.java:42)\n\tat java.base/java.lang.Thread.run(Thread.java:834)\n\tat x.Native.call(Native Method)\nCaused by: java.lang.IllegalArgumentException: bad argument: 5\n\tat io.Price.of(Price.java:7)\n\t... 2 more\n";
        let expected = [
            "io.Cart.add Cart.java 42",
            "java.lang.Thread.run Thread.java 834",
            "x.Native.call Native Method -1",
            "<java.lang.IllegalArgumentException: bad argument: 5>",
            "io.Price.of Price.java 7",
        ];
        check(Language::Java, text, &expected);
    }

    #[test]
    fn python_is_turned_round() {
        let text = "Traceback (most recent call last):\n  File \"a.py\", line 1, in inner\n    boom()\n  File \"b.py\", line 2, in deepest\nKeyError: 'x'\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"main.py\", line 15, in <module>\n    greet_many(['Chad'])\n  File \"main.py\", line 5, in greet\nTypeError: can only concatenate str\n";
        let expected = [
            "greet main.py 5",
            "<module> main.py 15",
            "<KeyError: 'x'>",
            "deepest b.py 2",
            "inner a.py 1",
        ];
        check(Language::Python, text, &expected);
    }

    #[test]
    fn other_languages_have_one_stack() {
        let text = "TypeError: Cannot read property\n    at request.get (/srv/app/index.js:78:25)\n    at /srv/app/lib.js:12:3\n    at process._tick (node:internal:62)\n";
        let expected = [
            "request.get /srv/app/index.js 78",
            "- /srv/app/lib.js 12",
            "process._tick node:internal 62",
        ];
        check(Language::JavaScript, text, &expected);
        let text =
            "System.FormatException: bad\n   at Shop.Cart.Add(Int32 id) in /srv/Cart.cs:line 12\n   at Shop.Main()\n";
        check(
            Language::DotNet,
            text,
            &["Shop.Cart.Add(Int32 id) /srv/Cart.cs 12", "Shop.Main() - -1"],
        );
        let text = "goroutine 1 [running]:\nmain.run(0x1, 0x2)\n\t/srv/main.go:14 +0x1d\ncreated by main.main\n\t/srv/main.go:5 +0x2\n";
        check(
            Language::Go,
            text,
            &["main.run /srv/main.go 14", "main.main /srv/main.go 5"],
        );
        let text = "thread 'main' panicked at src/main.rs:3:5:\nboom\nstack backtrace:\n   0: std::panicking::begin\n             at /rustc/x/library/std/src/panicking.rs:600:5\n   1: shop::main\n             at ./src/main.rs:3:5\n";
        let expected = [
            "- src/main.rs 3",
            "std::panicking::begin /rustc/x/library/std/src/panicking.rs 600",
            "shop::main ./src/main.rs 3",
        ];
        check(Language::Rust, text, &expected);
        check(Language::Unknown, text, &[]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "(at |Caused by: |Traceback |File \"|\t|\n|:|[(]|[)]|1|x| in |panicked at |é){0,40}") {
            for language in [Language::Java, Language::Python, Language::JavaScript, Language::DotNet, Language::Go, Language::Rust] {
                parse(language, &text);
            }
        }
    }
}
