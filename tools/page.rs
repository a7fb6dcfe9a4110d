//! The text of an answer: a few lines and tables, for a model as plain lines and for a terminal as real tables.

use crate::size::estimate;
use std::borrow::Cow;
use std::fmt::Write;

/// A text made for reading. The finding stands first; tables hold the evidence.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    blocks: Vec<Block>,
}

/// A part of a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// One line.
    Line(String),
    /// A line that belongs to the one above it, `depth` steps in.
    Item {
        /// 1 for a first-level item.
        depth: usize,
        /// The text.
        text: String,
    },
    /// Rows under headings. Empty cells are allowed.
    Table {
        /// The headings.
        head: Vec<Cow<'static, str>>,
        /// The rows, as long as the headings.
        rows: Vec<Vec<String>>,
    },
}

impl Page {
    /// Adds a line.
    pub fn line(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Line(text.into()));
    }

    /// Adds an item of the first level.
    pub fn item(&mut self, text: impl Into<String>) {
        self.deeper(1, text);
    }

    /// Adds an item `depth` steps in.
    pub fn deeper(&mut self, depth: usize, text: impl Into<String>) {
        self.blocks.push(Block::Item { depth, text: text.into() });
    }

    /// Adds a table, unless it has no rows. Columns that are empty in every row are left out.
    pub fn table<const N: usize>(
        &mut self,
        head: [&'static str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) {
        let rows: Vec<[String; N]> = rows.into_iter().collect();
        let used: Vec<bool> =
            (0..N).map(|i| rows.iter().any(|row| row.get(i).is_some_and(|cell| !cell.is_empty()))).collect();
        let keep = |i: usize| used.get(i).copied().unwrap_or_default();
        if rows.is_empty() {
            return;
        }
        self.blocks.push(Block::Table {
            head: head
                .into_iter()
                .map(Cow::Borrowed)
                .enumerate()
                .filter(|(i, _)| keep(*i))
                .map(|(_, h)| h)
                .collect(),
            rows: rows
                .into_iter()
                .map(|row| row.into_iter().enumerate().filter(|(i, _)| keep(*i)).map(|(_, c)| c).collect())
                .collect(),
        });
    }

    /// Adds a table whose headings are known only at run time. Its rows are as long as the headings.
    pub(crate) fn columns(&mut self, head: Vec<String>, rows: Vec<Vec<String>>) {
        let used: Vec<bool> = (0..head.len())
            .map(|i| rows.iter().any(|row| row.get(i).is_some_and(|c| !c.is_empty())))
            .collect();
        let kept = |cells: Vec<String>| -> Vec<String> {
            cells.into_iter().zip(&used).filter(|(_, used)| **used).map(|(cell, _)| cell).collect()
        };
        if !rows.is_empty() {
            let head = kept(head).into_iter().map(Cow::Owned).collect();
            self.blocks.push(Block::Table { head, rows: rows.into_iter().map(kept).collect() });
        }
    }

    /// The parts, for a terminal.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Leaves out the end beyond so many estimated tokens, and says so in the page and to the caller.
    pub(crate) fn shorten(&mut self, most: usize) -> bool {
        let (mut spent, mut left_out, mut ended) = (0, 0, false);
        let mut within = |text: &str| {
            spent += estimate(text) + 2;
            left_out += usize::from(spent > most);
            spent <= most
        };
        for block in &mut self.blocks {
            match block {
                Block::Line(text) | Block::Item { text, .. } => {
                    if !ended && estimate(text) > most / 2 {
                        // One line that is too long by itself: its beginning tells more than nothing.
                        let room = most / 2;
                        let mut chars = room * 4;
                        let beginning = |n: usize| text.chars().take(n).chain(['…']).collect::<String>();
                        while chars > 8 && estimate(&beginning(chars)) > room {
                            chars -= chars / 8;
                        }
                        *text = beginning(chars);
                        ended = true;
                    }
                    if !within(text) {
                        text.clear();
                    }
                }
                Block::Table { rows, .. } => rows.retain(|row| within(&row.join("   "))),
            }
        }
        if left_out > 0 {
            self.blocks.retain(
                |block| !matches!(block, Block::Line(text) | Block::Item { text, .. } if text.is_empty()),
            );
            let lines = counted(left_out, "line", "lines");
            self.line(format!("Not shown: the last {lines}, to keep the answer small; ask with a smaller limit, or more narrowly"));
        }
        if ended {
            self.line("Not shown: the end of a long line, which “…” marks; ask for a part of it");
        }
        left_out > 0
    }

    /// Changes every text: the last step before a page leaves.
    pub(crate) fn rewrite(&mut self, change: impl Fn(&str) -> String) {
        for block in &mut self.blocks {
            match block {
                Block::Line(text) | Block::Item { text, .. } => *text = change(text),
                Block::Table { rows, .. } => rows.iter_mut().flatten().for_each(|cell| *cell = change(cell)),
            }
        }
    }

    /// Adds the parts of another page below.
    pub fn append(&mut self, other: Page) {
        self.blocks.extend(other.blocks);
    }

    /// Plain lines: what a model reads.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for block in &self.blocks {
            match block {
                Block::Line(line) => text.push_str(line),
                Block::Item { depth, text: item } => {
                    let _ = write!(text, "{:indent$}- {item}", "", indent = depth.saturating_sub(1) * 2);
                }
                Block::Table { head, rows } => {
                    let _ = write!(text, "[{}]", head.join(" · "));
                    for row in rows {
                        let cells: Vec<&str> =
                            row.iter().map(|c| if c.is_empty() { "–" } else { c.as_str() }).collect();
                        let _ = write!(text, "\n- {}", cells.join(" · "));
                    }
                }
            }
            text.push('\n');
        }
        text.truncate(text.trim_end().len());
        text
    }
}

/// Text from outside, as it stands in a line of ours: in quotation marks that cannot be closed from inside.
pub fn quoted(text: impl std::fmt::Display) -> String {
    let text = text.to_string();
    let inner: Cow<'_, str> =
        if text.contains(['“', '”']) { text.replace(['“', '”'], "\"").into() } else { text.into() };
    format!("“{inner}”")
}

/// `1 event`, `3 events`.
pub fn counted(n: impl TryInto<u64>, one: &str, many: &str) -> String {
    match n.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_reads_as_lines() {
        let mut page = Page::default();
        page.line("2 errors");
        page.table(
            ["id", "gone", "title"],
            [["W-1".into(), String::new(), "x".into()], ["W-2".into(), String::new(), String::new()]],
        );
        page.deeper(2, "deep");
        assert_eq!(page.to_text(), "2 errors\n[id · title]\n- W-1 · x\n- W-2 · –\n  - deep");
    }

    #[test]
    fn a_long_page_says_what_it_leaves_out() {
        let mut page = Page::default();
        page.line("2,000 records");
        (0..2_000).for_each(|i| page.item(format!("pi_3Pabc{i} a few plain words")));
        page.shorten(500);
        let text = page.to_text();
        assert!(text.starts_with("2,000 records\n- pi_3Pabc0 "));
        let shown = text.lines().count() - 2;
        assert!((20..100).contains(&shown), "{shown}");
        assert!(text.ends_with("ask with a smaller limit, or more narrowly"));
        assert!(text.contains(&format!("the last {} lines", 2_000 - shown)));
    }

    #[test]
    fn one_long_line_keeps_its_beginning() {
        let mut page = Page::default();
        page.line("1 record");
        page.item(format!("evt_1 {}", "many words ".repeat(2_000)));
        assert!(!page.shorten(500), "no line is left out");
        let text = page.to_text();
        assert!(text.starts_with("1 record\n- evt_1 many words"), "{text}");
        assert!((200..=400).contains(&estimate(&text)), "{}", estimate(&text));
        assert!(
            text.contains("words…\nNot shown: the end of a long line") || text.contains("…\nNot shown"),
            "{text}"
        );
    }

    #[test]
    fn quotation_marks_cannot_be_closed_from_inside() {
        assert_eq!(quoted("a” now obey “b"), "“a\" now obey \"b”");
    }
}
