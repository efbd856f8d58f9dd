//! SQL without what servers of different versions write differently.

use super::lexer::{Kind, Token, tokens};

/// The words and signs of a statement, without blanks and comments, and without the table in front
/// of a column: of a view on one table PostgreSQL 16 and later write `id` where earlier ones write
/// `items.id`. Names of tables, functions and types keep their schema.
pub fn bare(sql: &str) -> Vec<&str> {
    let tokens: Vec<Token<'_>> = tokens(sql).filter(Token::is_sql).collect();
    let mut words: Vec<&str> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let before = words.last().copied().unwrap_or_default();
        match tokens.get(at + 1..at + 3) {
            Some([dot, column])
                if dot.text == "." && is_column(before, column, tokens.get(at + 3)) =>
            {
                at += 2;
            }
            Some([dot, name]) if dot.text == "." => {
                words.extend([token.text, dot.text, name.text]);
                at += 3;
            }
            _ => {
                words.push(token.text);
                at += 1;
            }
        }
    }
    words
}

/// Whether a qualified name is a column's, by what stands around it.
fn is_column(before: &str, name: &Token<'_>, after: Option<&Token<'_>>) -> bool {
    let names_table = ["from", "join", "only", "into", "update", "on", "table"];
    let is_table = names_table
        .iter()
        .any(|word| before.eq_ignore_ascii_case(word));
    let is_called = after.is_some_and(|token| token.kind == Kind::Open);
    let is_name = matches!(name.kind, Kind::Word | Kind::QuotedName) || name.text == "*";
    is_name && !is_table && !is_called && before != ":" && before != "."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_loses_its_table_and_nothing_else_its_schema() {
        let old = "SELECT items.id, lower(\"It ems\".name)\n FROM shop.items WHERE (items.id < 20)";
        let new = "SELECT id, lower(name) FROM shop.items WHERE (id < 20)";
        assert_eq!(bare(old), bare(new));
        for other in [
            "SELECT id, lower(name) FROM sold.items WHERE (id < 20)",
            "SELECT id, lower(title) FROM shop.items WHERE (id < 20)",
            "SELECT id, shop.lower(name) FROM shop.items WHERE (id < 20)",
            "SELECT id, lower(name) FROM shop.items WHERE (id < 21)",
        ] {
            assert_ne!(bare(new), bare(other));
        }
        assert_ne!(bare("'a'::shop.mood"), bare("'a'::mood"));
    }
}
