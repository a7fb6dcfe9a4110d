//! The declared tools that are on: the shipped ones that the configuration names, and all of the user's own folder.

use super::reading::Reading;
use super::settings::Settings;
use super::{Problem, files};
use prodview_providers::Sources;
use prodview_tools::declared::{Declared, LARGEST, Rules, collisions, shipped};
use prodview_tools::toml_file::{instead_of, quoted};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most files of one folder.
const MOST: usize = 100;

/// The declared tools that are on.
#[derive(Debug, Clone, Default)]
pub struct DeclaredTools {
    /// Of those that come with prodview, in their order.
    pub shipped: Vec<Declared>,
    /// The user's own, by the names of their files.
    pub own: Vec<Declared>,
    /// The functions of their own that the sources together allow in SQL.
    pub(crate) functions: Vec<String>,
}

impl DeclaredTools {
    /// All of them, in the order in which they are listed.
    pub fn listed(self) -> Vec<Arc<Declared>> {
        self.shipped.into_iter().chain(self.own).map(Arc::new).collect()
    }

    /// Takes the tools of another folder in the place of the user's own.
    pub(crate) fn take_folder(&mut self, folder: &Path) -> Result<(), Vec<Problem>> {
        let (own, mut problems) = read_folder(folder, &folder.to_string_lossy(), &self.functions);
        problems.extend(collisions(&own, &self.shipped));
        self.own = own;
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

/// The shipped tools that can be loaded: all of them, in a version that understands each.
pub(crate) fn all_shipped() -> Vec<Declared> {
    shipped::ALL.iter().filter_map(|tool| tool.load(&Rules::usual()).ok()).collect()
}

pub(super) fn load(reading: &Reading<'_>, settings: &Settings, sources: &Sources) -> DeclaredTools {
    let is_on =
        |tool: &&shipped::Shipped| settings.declared.iter().any(|on| shipped::named(on).contains(tool));
    let mut tools = DeclaredTools { functions: reading.functions.take(), ..DeclaredTools::default() };
    for tool in shipped::ALL.iter().filter(is_on) {
        match tool.load(&Rules::usual()) {
            Ok(tool) => tools.shipped.push(tool),
            Err(problems) => problems.into_iter().for_each(|problem| reading.sheet.note(problem)),
        }
    }
    if let Some(folder) = &settings.tools {
        let (own, problems) = read_folder(folder, &shown(reading, folder), &tools.functions);
        problems.into_iter().for_each(|problem| reading.sheet.note(problem));
        tools.own = own;
    }
    collisions(&tools.own, &tools.shipped).into_iter().for_each(|problem| reading.sheet.note(problem));
    for odd in without_source(&tools.own, sources) {
        reading.warnings.note(odd);
    }
    tools
}

/// The tools whose one source is not connected: they are not listed, and somebody will wonder.
fn without_source(tools: &[Declared], sources: &Sources) -> Vec<Problem> {
    let names: Vec<&str> = sources.all().iter().map(|s| s.name()).collect();
    let odd = tools.iter().filter_map(|tool| {
        let name = tool.source().filter(|name| !names.contains(name))?;
        let what = format!(
            "`{}` asks the source {}, which is not connected: it is not listed",
            tool.name(),
            quoted(name)
        );
        Some(tool.problem(what, instead_of(name, &names)))
    });
    odd.collect()
}

/// A folder as the configuration named it: without what it is relative to.
fn shown(reading: &Reading<'_>, folder: &Path) -> String {
    folder.strip_prefix(reading.folder).unwrap_or(folder).to_string_lossy().into_owned()
}

/// The tools of a folder: its files that end in `.toml`, in the order of their names. `shown` is what the folder is
/// called in messages, `functions` those that its statements may call besides the usual ones.
pub(crate) fn read_folder(folder: &Path, shown: &str, functions: &[String]) -> (Vec<Declared>, Vec<Problem>) {
    let unreadable = |why: String| Problem {
        place: None,
        what: format!("the folder of declared tools {} cannot be read: {why}", quoted(shown)),
        right: "give a folder with files like docs/declared-tools.md shows".to_owned(),
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) => return (Vec::new(), vec![unreadable(e.kind().to_string())]),
    };
    let is_tool = |name: &str| name.ends_with(".toml") && !name.starts_with('.');
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| is_tool(name))
        .collect();
    names.sort();
    if names.len() > MOST {
        return (Vec::new(), vec![unreadable(format!("it holds more than {MOST} files"))]);
    }
    let (mut tools, mut problems) = (Vec::new(), Vec::new());
    for name in names {
        let shown = PathBuf::from(shown).join(&name);
        match read_file(&folder.join(&name), &shown.to_string_lossy(), functions) {
            Ok(tool) => tools.push(tool),
            Err(wrong) => problems.extend(wrong),
        }
    }
    (tools, problems)
}

/// One file, as [`read_folder`] reads each.
pub(crate) fn read_file(path: &Path, shown: &str, functions: &[String]) -> Result<Declared, Vec<Problem>> {
    let unreadable = |why: String| {
        vec![Problem {
            place: None,
            what: format!("the declared tool {} cannot be read: {why}", quoted(shown)),
            right: "it should be a TOML file like docs/declared-tools.md shows".to_owned(),
        }]
    };
    // A pipe would be waited for without end.
    match std::fs::metadata(path) {
        Ok(about) if about.is_dir() => return Err(unreadable("it is a folder".to_owned())),
        Ok(about) if !about.is_file() => return Err(unreadable("it is no ordinary file".to_owned())),
        Ok(_) => {}
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(unreadable("there is no such file".to_owned()));
        }
        Err(e) => return Err(unreadable(e.kind().to_string())),
    }
    let bytes = files::read(path, LARGEST as u64).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not text in UTF-8".to_owned()))?;
    Declared::load(&text, shown, &Rules::allowing(functions.to_vec()))
}
