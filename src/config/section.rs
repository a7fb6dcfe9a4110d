//! A section of the configuration: that of any file, with what surrounds the file.

use super::reading::Reading;
use prodview_tools::toml_file::{self, Entry};
use std::ops::{Deref, DerefMut};

/// A section being read. What those of any file have is [`toml_file::Section`]'s.
pub(super) struct Section<'a> {
    pub(super) reading: &'a Reading<'a>,
    /// A section that is switched off is checked for what it says, not for what it lacks.
    pub(super) off: bool,
    inner: toml_file::Section<'a>,
}

impl<'a> Section<'a> {
    pub(super) fn new(reading: &'a Reading<'a>, inner: toml_file::Section<'a>) -> Section<'a> {
        Section { reading, off: false, inner }
    }

    /// The section below of that name.
    pub(super) fn section(&mut self, key: &'static str) -> Option<Section<'a>> {
        Some(Section::new(self.reading, self.inner.section(key)?))
    }

    /// All sections below, whose names are the writer's own.
    pub(super) fn sections(&self) -> Vec<(&'a str, Section<'a>)> {
        let below = self.entries().iter().filter(|entry| entry.value.get_ref().is_table());
        below
            .filter_map(|entry| Some((entry.key, Section::new(self.reading, self.section_of(entry)?))))
            .collect()
    }

    /// What stands here and is no section below.
    pub(super) fn settings(&self) -> impl Iterator<Item = &Entry<'a>> {
        self.entries().iter().filter(|entry| !entry.value.get_ref().is_table())
    }

    /// Reports what nobody took.
    pub(super) fn finish(self) {
        self.inner.finish();
    }
}

impl<'a> Deref for Section<'a> {
    type Target = toml_file::Section<'a>;

    fn deref(&self) -> &toml_file::Section<'a> {
        &self.inner
    }
}

impl<'a> DerefMut for Section<'a> {
    fn deref_mut(&mut self) -> &mut toml_file::Section<'a> {
        &mut self.inner
    }
}
