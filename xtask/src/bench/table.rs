//! A Markdown table that reads well in a terminal too: columns are padded, figures stand at the
//! right.

/// The first row is the head, the first column words.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column));
    let width = |column| cells(column).map(|cell| cell.chars().count()).fold(3, usize::max);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut lines: Vec<String> = rows.iter().map(|row| line(row, &widths)).collect();
    lines.insert(lines.len().min(1), rule(&widths));
    lines.concat()
}

fn line(row: &[String], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| match column {
        0 => format!("| {cell:width$} |"),
        _ => format!(" {cell:>width$} |"),
    });
    cells.collect::<String>() + "\n"
}

fn rule(widths: &[usize]) -> String {
    let cells = widths.iter().enumerate().map(|(column, width)| match column {
        0 => format!("|{}|", "-".repeat(width + 2)),
        _ => format!("{}:|", "-".repeat(width + 1)),
    });
    cells.collect::<String>() + "\n"
}

#[cfg(test)]
mod tests;
