//! Fields of a write: the pack's, with those of the project over them.

use super::super::forms::{CompareWord, EmptyWord, FieldForm};
use super::super::scope::Scope;
use super::super::spanned::{At, Ordered};
use super::super::texts::Texts;
use crate::diagnostic::{Diagnostic, Span, list};
use crate::plan::{Empty, Field, Own};

/// A field as one file writes it.
#[derive(Clone)]
pub struct Declared<'a> {
    texts: Texts<'a>,
    column: &'a At<String>,
    own: Own,
    form: &'a At<FieldForm>,
}

/// The four tables of a write.
pub struct FourTables<'a> {
    pub set: &'a Ordered<At<FieldForm>>,
    pub insert: &'a Ordered<At<FieldForm>>,
    pub fill: &'a Ordered<At<FieldForm>>,
    pub touch: &'a Ordered<At<FieldForm>>,
}

impl<'a> FourTables<'a> {
    pub fn declared(&self, texts: Texts<'a>) -> Vec<Declared<'a>> {
        let tables = [
            (Own::Set, self.set),
            (Own::Insert, self.insert),
            (Own::Fill, self.fill),
            (Own::Touch, self.touch),
        ];
        let fields = tables.into_iter().flat_map(|(own, table)| {
            table.iter().map(move |(column, form)| Declared {
                texts,
                column,
                own,
                form,
            })
        });
        fields.collect()
    }
}

/// Fields of one table whose columns are all `set`.
pub fn set<'a>(texts: Texts<'a>, table: &'a Ordered<At<FieldForm>>) -> Vec<Declared<'a>> {
    let fields = table.iter().map(|(column, form)| Declared {
        texts,
        column,
        own: Own::Set,
        form,
    });
    fields.collect()
}

/// Whether two writers of one column are one too many. `insert` stands beside the others: it is what a new row gets
/// where they have no value.
pub fn exclude(one: Own, other: Own) -> bool {
    one == other || (one != Own::Insert && other != Own::Insert)
}

/// The project's fields over the pack's: each replaces what it would contend with, `false` only removes that.
pub fn overlay<'a>(
    mut base: Vec<Declared<'a>>,
    over: Vec<Declared<'a>>,
    write: &str,
    found: &mut Vec<Diagnostic>,
) -> Vec<Declared<'a>> {
    let mut added = Vec::new();
    for field in over {
        let before = base.len();
        base.retain(|pack| {
            pack.column.value != field.column.value || !exclude(pack.own, field.own)
        });
        if !matches!(field.form.value, FieldForm::Drop) {
            added.push(field);
        } else if base.len() == before {
            let column = &field.column;
            let known: Vec<&str> = base.iter().map(|pack| pack.column.as_str()).collect();
            let message = format!("there is no field `{}` to drop", column.value);
            found.push(
                Diagnostic::error("P104", message)
                    .at(&column.span(field.texts.file), "not written by the pack")
                    .note(format!(
                        "fields of write `{write}`: {}",
                        list(known.iter().copied())
                    ))
                    .suggest(column, known.iter().copied()),
            );
        }
    }
    base.extend(added);
    base
}

/// What a place allows a field to be.
pub struct Place<'a> {
    pub scope: &'a Scope,
    /// What a NULL does where the field does not say.
    pub empty: Empty,
    /// A row per field: such a row can be removed.
    pub attributes: bool,
}

/// Fields of the plan. What is wrong, or written twice, is reported.
pub fn fields(
    declared: &[Declared<'_>],
    place: &Place<'_>,
    found: &mut Vec<Diagnostic>,
) -> Vec<Field> {
    for (number, field) in declared.iter().enumerate() {
        let twin = declared[..number].iter().find(|other| {
            other.column.value == field.column.value && exclude(other.own, field.own)
        });
        if let Some(twin) = twin {
            let first = twin.column.span(twin.texts.file);
            let at = field.column.span(field.texts.file);
            found.push(two_writers(&field.column.value, &at, &first));
        }
    }
    let fields = declared
        .iter()
        .filter_map(|field| field.resolve(place, found));
    fields.collect()
}

pub fn two_writers(column: &str, at: &Span, first: &Span) -> Diagnostic {
    Diagnostic::error("P130", format!("`{column}` is written twice"))
        .at(at, "second writer of the same rows")
        .note(format!("first written at {}", first.place()))
}

impl Declared<'_> {
    fn resolve(&self, place: &Place<'_>, found: &mut Vec<Diagnostic>) -> Option<Field> {
        let file = self.texts.file;
        let mut field = Field {
            column: self.column.value.clone(),
            own: self.own,
            expr: match &self.form.value {
                FieldForm::Drop => {
                    found.push(
                        Diagnostic::error("P104", "`false` drops a pack's field; here is none")
                            .at(&self.form.span(file), "")
                            .help("leave the line out"),
                    );
                    return None;
                }
                FieldForm::Short(text) => {
                    let text = At::new(text.clone(), self.form.range.clone());
                    self.texts.expr(&text, found)?
                }
                FieldForm::Long(long) => self.texts.expr(long.value.as_ref()?, found)?,
            },
            condition: None,
            cut: None,
            round: None,
            empty: place.empty,
            compare_as_number: false,
            at: self.column.span(file),
        };
        if let FieldForm::Long(long) = &self.form.value {
            field.cut = long.cut.as_ref().map(|cut| cut.value);
            field.round = long.round.as_ref().map(|places| places.value);
            field.compare_as_number = long
                .compare
                .as_ref()
                .is_some_and(|word| word.value == CompareWord::Number);
            let condition = long.condition.as_ref();
            field.condition = condition.and_then(|text| self.texts.expr(text, found));
            if let Some(word) = &long.empty {
                field.empty = match word.value {
                    EmptyWord::Keep => Empty::Keep,
                    EmptyWord::Write => Empty::Write,
                    EmptyWord::Remove => Empty::Remove,
                };
                if word.value == EmptyWord::Remove && !place.attributes {
                    found.push(
                        Diagnostic::error("P105", "`remove` needs a row per field")
                            .at(&word.span(file), "only in writes with `attributes`")
                            .help("write NULL with `empty = \"write\"`"),
                    );
                }
            }
        }
        for expr in [Some(&field.expr), field.condition.as_ref()]
            .into_iter()
            .flatten()
        {
            place.scope.check(expr, found);
        }
        Some(field)
    }
}
