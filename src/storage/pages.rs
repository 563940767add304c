//! A long scan, page by page.

use crate::storage::{Bytes, Snapshot, StorageError};

/// All pairs with `from <= key < to`, ascending, fetched `page_rows` (≥ 1) at a time. Ends after the first error.
pub fn rows_between<'a>(
    snapshot: &'a dyn Snapshot,
    from: Vec<u8>,
    to: Vec<u8>,
    page_rows: usize,
) -> impl Iterator<Item = Result<(Bytes, Bytes), StorageError>> + 'a {
    let mut from = Some(from);
    std::iter::from_fn(move || {
        let start = from.take()?;
        let page = snapshot.scan(&start, &to, page_rows);
        if let Ok(rows) = &page
            && rows.len() == page_rows
        {
            from = rows.last().map(|(key, _)| [key, &[0][..]].concat());
        }
        Some(page)
    })
    .flat_map(|page| match page {
        Ok(rows) => rows.into_iter().map(Ok).collect::<Vec<_>>(),
        Err(error) => vec![Err(error)],
    })
}
