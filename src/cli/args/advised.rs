//! Commands that are advised anywhere are commands that there are.

use super::Arguments;
use clap::Parser;
use std::fs;
use std::path::{Path, PathBuf};

/// Rust files below a folder, those of tests not.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let is_test = |path: &Path| {
        path.file_stem()
            .unwrap()
            .to_string_lossy()
            .contains("tests")
    };
    let mut found: Vec<PathBuf> = folders
        .iter()
        .filter(|path| !is_test(path))
        .flat_map(|path| sources(path))
        .collect();
    found.extend(files.into_iter().filter(|path| !is_test(path)));
    found.retain(|path| path.extension().is_some_and(|ending| ending == "rs"));
    found
}

/// What stands behind `$ neonlift ` in a text of the sources, with a word for what is put in.
fn advised(source: &str) -> Vec<String> {
    let texts = source.split("\"$ neonlift").skip(1);
    let texts = texts.filter_map(|rest| rest.split_once('"'));
    let whole = texts.filter(|(text, _)| !text.ends_with('\\') && !text.trim().is_empty());
    let commands = whole.map(|(text, _)| {
        let mut words = String::new();
        for (at, part) in text.split(['{', '}']).enumerate() {
            words += if at % 2 == 0 { part } else { "something" };
        }
        words
    });
    // A command whose very name is put in is not known here.
    commands
        .filter(|words| !words.trim_start().starts_with("something"))
        .collect()
}

#[test]
fn every_advised_command_is_understood() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let commands: Vec<String> = sources(&folder)
        .iter()
        .flat_map(|file| advised(&fs::read_to_string(file).unwrap()))
        .collect();
    assert!(commands.len() > 30, "{commands:#?}");
    for command in commands {
        // In quotes, what is one word for a shell.
        let mut words = vec!["neonlift".to_owned()];
        for (at, part) in command.split('\'').enumerate() {
            match at % 2 {
                0 => words.extend(part.split_whitespace().map(str::to_owned)),
                _ => words.push(part.to_owned()),
            }
        }
        if let Err(error) = Arguments::try_parse_from(words) {
            let refused = !matches!(
                error.kind(),
                clap::error::ErrorKind::DisplayHelp | clap::error::ErrorKind::DisplayVersion
            );
            assert!(!refused, "$ neonlift{command}\n{error}");
        }
    }
}
