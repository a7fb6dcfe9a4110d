//! Pages on a terminal: tables that fit the width, colours only where somebody sees them.

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use prodview_tools::page::{Block, Page};
use std::io::{self, IsTerminal, Write};

const FINDING: Style = AnsiColor::Yellow.on_default().bold();
/// For headings of ours.
pub const HEADING: Style = Style::new().bold();
/// For what matters less.
pub const FAINT: Style = Style::new().dimmed();

/// Standard output; colours are left out when it is not a terminal, or `NO_COLOR` is set.
pub fn out() -> anstream::AutoStream<io::StdoutLock<'static>> {
    anstream::AutoStream::auto(io::stdout().lock())
}

/// How wide the terminal is; a hundred columns where there is none.
pub fn width() -> u16 {
    let probe = Table::new().width();
    probe.filter(|_| io::stdout().is_terminal()).unwrap_or(100).clamp(40, 200)
}

/// Writes a page.
pub fn write(page: &Page, out: &mut impl Write) -> io::Result<()> {
    for block in page.blocks() {
        match block {
            Block::Line(text) if text.starts_with("! ") => writeln!(out, "{FINDING}{text}{FINDING:#}")?,
            Block::Line(text) => writeln!(out, "{text}")?,
            Block::Item { depth, text } => writeln!(out, "{:indent$}- {text}", "", indent = depth * 2)?,
            Block::Table { head, rows } => {
                let head: Vec<&str> = head.iter().map(AsRef::as_ref).collect();
                table(&head, rows, out)?;
            }
        }
    }
    Ok(())
}

/// A column narrower than this breaks ids and times in two.
const NARROWEST: usize = 20;

/// Writes a table that fits the width: as a table where its columns have room, else as one block of lines a row.
pub fn table(head: &[&str], rows: &[Vec<String>], out: &mut impl Write) -> io::Result<()> {
    if head.len() * NARROWEST > usize::from(width()) {
        return blocks(head, rows, out);
    }
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width());
    table.set_header(head.iter().copied());
    for row in rows {
        table.add_row(row);
    }
    writeln!(out, "{table}")
}

/// Each row under its first cell, all by name.
fn blocks(head: &[&str], rows: &[Vec<String>], out: &mut impl Write) -> io::Result<()> {
    for row in rows {
        let mut cells = head.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
        if let Some((name, first)) = cells.next() {
            writeln!(out, "{FAINT}{name}{FAINT:#} {HEADING}{first}{HEADING:#}")?;
        }
        for (name, cell) in cells {
            writeln!(out, "  {FAINT}{name}{FAINT:#} {cell}")?;
        }
    }
    Ok(())
}
