//! The rows behind keys that were found, to be read once more with their values.

use super::Unequal;
use crate::compare::equality::Equality;
use crate::compare::hash;
use crate::postgres::quote;
use std::collections::BTreeMap;

impl Unequal<'_> {
    /// A query for these columns of the target's rows with these keys. Of rows without a key, each as
    /// often as it is named. `equality` is the target's.
    pub(in crate::compare) fn again_sql(
        &self,
        columns: &str,
        keys: &[Vec<String>],
        equality: &Equality,
    ) -> String {
        match self.key {
            [] => self.by_content(columns, keys),
            _ => self.by_key(columns, keys, equality),
        }
    }

    /// In the key's own types, so that its index helps.
    fn by_key(&self, columns: &str, keys: &[Vec<String>], equality: &Equality) -> String {
        let places = self.places();
        let lists = (0..places.len()).map(|at| array(keys.iter().filter_map(|key| key.get(at))));
        let lists: Vec<String> = lists.collect();
        // Names that no column has: these would hide it.
        let names: Vec<String> = (0..places.len())
            .map(|at| format!("neonlift_key_{at}"))
            .collect();
        let same = places.iter().zip(&names).map(|(place, key)| {
            let column = &self.left.columns[*place];
            let (name, equals) = (quote::identifier(&column.name), equality.of(&column.name));
            format!("{name} {equals} {key}::{}", column.sql_type)
        });
        let same: Vec<String> = same.collect();
        let condition = format!(
            "EXISTS (SELECT FROM unnest({}) wanted ({}) WHERE {})",
            lists.join(", "),
            names.join(", "),
            same.join(" AND "),
        );
        let from = self.right.from_sql_where(vec![condition]);
        format!("SELECT {columns} FROM {from}")
    }

    fn by_content(&self, columns: &str, keys: &[Vec<String>]) -> String {
        let mut wanted: BTreeMap<&String, u64> = BTreeMap::new();
        for key in keys.iter().flatten() {
            *wanted.entry(key).or_default() += 1;
        }
        let hashes = array(wanted.keys().copied());
        let counts: Vec<String> = wanted.values().map(ToString::to_string).collect();
        let counts = counts.join(", ");
        let hash = hash::of_row(&self.agreed.target, self.method);
        let from = self.right.from_sql();
        format!(
            "SELECT {columns} FROM (SELECT *, row_number() OVER (PARTITION BY neonlift_hash) AS neonlift_copy
               FROM (SELECT {columns}, {hash} AS neonlift_hash FROM {from}) hashed
               JOIN unnest({hashes}::int8[], ARRAY[{counts}]::int8[]) wanted (neonlift_wanted, neonlift_copies)
                 ON neonlift_hash = neonlift_wanted) numbered
             WHERE neonlift_copy <= neonlift_copies"
        )
    }
}

fn array<'a>(texts: impl Iterator<Item = &'a String>) -> String {
    let texts: Vec<String> = texts.map(|text| quote::literal(text)).collect();
    format!("ARRAY[{}]::text[]", texts.join(", "))
}
