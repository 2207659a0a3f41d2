//! The project's rules: which orders the ERP gets, and when.
//!
//! They speak of an order's head as the shop has it, before anything is made of it: an order that is never taken need not be in order.
//! Whatever they say, an order's pieces are pending for the stock as long as the shop has it in a status that promises them and the
//! ERP does not count it: a rule must not put on sale again what the shop may still send.

use super::content::{Content, differences};
use super::payment::Payment;
use crate::config::record::{NEW_CUSTOMER, ruled as fields};
use crate::expr::{Env, EvalError, Expr, Name, Resolve, Resolved, Slot, Unknown, Zone};
use crate::own::approval::{self, Approval, Standing};
use crate::plan::FieldKind;
use crate::plan::Orders;
use crate::plan::order::{Accept, Kind, Take};
use crate::sync::report::Reason;
use crate::value::{Type, Value, convert};
use chrono::{DateTime, Utc};
use std::borrow::Cow;

/// The rules of one shop, ready to be asked.
pub struct Rules<'o> {
    orders: &'o Orders,
    rules: Vec<Rule<'o>>,
    now: DateTime<Utc>,
    /// In which the shop keeps its times.
    zone: Zone,
    /// By which its people tell days.
    local: Zone,
}

struct Rule<'o> {
    accept: &'o Accept,
    condition: Option<Resolved>,
    paid: Option<Resolved>,
}

/// Whether the condition asks for what only the ERP knows of the order's customer.
fn asks_customer(accept: &Accept) -> bool {
    let mut fields = Fields::default();
    let condition = accept.condition.as_ref();
    condition.is_some_and(|expr| expr.resolve(&mut fields).is_ok()) && fields.asks_customer
}

/// What the rules say of an order.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    Take,
    /// Not, or not yet.
    Not(Reason),
    /// Once a person has approved it; this is why, for the person.
    Ask {
        why: String,
    },
}

impl<'o> Rules<'o> {
    pub fn new(orders: &'o Orders, now: DateTime<Utc>, zone: Zone, local: Zone) -> Rules<'o> {
        let rule = |accept: &'o Accept| Rule {
            accept,
            condition: accept.condition.as_ref().and_then(resolved),
            paid: accept.paid.as_ref().and_then(resolved),
        };
        Rules {
            orders,
            rules: orders.accept.iter().map(rule).collect(),
            now,
            zone,
            local,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether a rule asks if the ERP knows an order's customer: then [`NEW_CUSTOMER`] is among the values, or NULL where nobody has
    /// looked.
    pub fn ask_customer(&self) -> bool {
        self.rules.iter().any(|rule| asks_customer(rule.accept))
    }

    /// The first rule that asks for a payment of which the shop keeps no time.
    pub fn unable(&self, has: impl Fn(&str) -> bool) -> Option<&'o Accept> {
        let asks = |one: &&Rule<'o>| {
            one.accept.take == Take::WhenPaid && one.accept.paid.is_none() && !has("paid_at")
        };
        self.rules.iter().find(asks).map(|one| one.accept)
    }

    /// `value`: a field as it was read.
    ///
    /// # Errors
    /// What of the head cannot be read.
    pub fn head<'v>(&self, value: impl Fn(&str) -> &'v Value) -> Result<Head, Reason> {
        let mut values = Vec::new();
        for (name, kind) in fields() {
            let fact = self.fact(value(name), kind);
            values.push(fact.ok_or_else(|| {
                Reason::Unfit {
                    why: format!("`{name}` is {}, which cannot be read", value(name).show()),
                    advice:
                        "correct the order in the shop, or type it into the ERP by hand and link it"
                            .to_owned(),
                }
            })?);
        }
        if self.orders.kind == Kind::Order {
            self.payment_state(&mut values)?;
        }
        Ok(Head {
            values,
            now: self.now,
            zone: self.local,
        })
    }

    /// The word for how far it is paid, as the ERP gets it.
    fn payment_state(&self, values: &mut [Value]) -> Result<(), Reason> {
        let at = |wanted: &str| fields().position(|(name, _)| name == wanted);
        let number = |name: &str| values[at(name)?].to_decimal();
        let Some(into) = at("payment_state") else {
            return Ok(());
        };
        let said = values[into].plain();
        let payment = Payment {
            said: &said,
            total: number("total"),
            paid: number("paid"),
            refunded: number("refunded"),
        };
        let state = payment.value()?;
        values[into] = state;
        Ok(())
    }

    /// `value`: a field as it was read.
    pub fn verdict<'v>(&self, value: impl Fn(&str) -> &'v Value) -> Verdict {
        let head = match self.head(value) {
            Ok(head) => head,
            Err(reason) => return not(reason),
        };
        for rule in &self.rules {
            match holds(
                rule.condition.as_ref(),
                rule.accept.condition.as_ref(),
                &head,
            ) {
                Ok(true) => return self.by(rule, &head).unwrap_or_else(not),
                Ok(false) => {}
                Err(reason) => return not(reason),
            }
        }
        Verdict::Take
    }

    fn by(&self, rule: &Rule<'_>, head: &Head) -> Result<Verdict, Reason> {
        let accept = rule.accept;
        let because = |said: &str| match &accept.why {
            Some(why) => format!("{said}: {why}"),
            None => match &accept.condition {
                Some(condition) => format!("{said}: {}", condition.text),
                None => said.to_owned(),
            },
        };
        let rule_at = format!("the rule at {}", accept.at.place());
        match accept.take {
            Take::Always => Ok(Verdict::Take),
            Take::Never => Ok(not(Reason::NotTaken {
                why: because("this shop's rules never take it"),
                advice: format!(
                    "its pieces stay held until it is cancelled in the shop; {rule_at} decides"
                ),
            })),
            Take::WhenPaid => {
                let is_paid = match (&rule.paid, &accept.paid) {
                    (Some(_), paid) => holds(rule.paid.as_ref(), paid.as_ref(), head)?,
                    (None, _) => !head.of("paid_at").is_null(),
                };
                if is_paid {
                    return Ok(Verdict::Take);
                }
                if let Some(given_up) = self.given_up(accept, head, "is not paid") {
                    return Ok(not(given_up));
                }
                Ok(not(Reason::Unpaid {
                    why: because("it is yet to be paid"),
                    advice: format!(
                        "it comes in by itself once the shop says that it is paid; {rule_at} decides"
                    ),
                }))
            }
            Take::AfterApproval => Ok(match self.given_up(accept, head, "is not approved") {
                Some(given_up) => not(given_up),
                None => Verdict::Ask {
                    why: because("waits for approval"),
                },
            }),
        }
    }

    fn given_up(&self, accept: &Accept, head: &Head, is: &str) -> Option<Reason> {
        let wait = accept.give_up?;
        let Value::Timestamp(placed) = head.of("placed") else {
            return None;
        };
        let waited = self.now.signed_duration_since(*placed);
        let is_over = waited.to_std().is_ok_and(|waited| waited > wait);
        is_over.then(|| Reason::Unfit {
            why: format!("given up: it {is} after {} days", waited.num_days()),
            advice: format!(
                "cancel it in the shop, which gives its pieces back; else change `give_up` of the rule at {}",
                accept.at.place()
            ),
        })
    }

    /// A field as rules see it; `None`: it is not what its kind says.
    fn fact(&self, value: &Value, kind: FieldKind) -> Option<Value> {
        let blank = matches!(value, Value::Text(text) if text.trim().is_empty());
        if value.is_null() || blank {
            return Some(Value::Null);
        }
        match kind {
            FieldKind::Moment => super::canonical::placed(value, self.zone).map(Value::Timestamp),
            FieldKind::Boolean => Some(value.clone()),
            FieldKind::Decimal => convert(value.clone(), &Type::NUMBER).ok(),
            _ => Some(Value::Text(value.plain().trim().to_owned())),
        }
    }

    /// What became of a question about an order of this content.
    pub fn answered(
        &self,
        key: &str,
        why: &str,
        answer: Option<&Approval>,
        digest: &str,
    ) -> Answered {
        let id = approval::argument(&self.orders.name, key);
        let meanwhile = match self.orders.kind {
            Kind::Order => "its pieces stay held until it is cancelled in the shop",
            Kind::Refund => {
                "who has booked it by hand says so with `ponte order REF --settled` of its order"
            }
        };
        let ask = |why: String| {
            Answered::Ask(Reason::Unapproved {
                why,
                advice: format!(
                    "`ponte approve show {id}`, then `ponte approve accept {id}` or `ponte approve reject {id} --why TEXT`"
                ),
            })
        };
        match answer {
            Some(one) if one.digest != digest => match one.standing {
                Standing::Accepted => ask(format!("{why}; it has changed since it was approved")),
                _ => ask(why.to_owned()),
            },
            Some(one) => match one.standing {
                Standing::Accepted => Answered::Accepted,
                Standing::Rejected => Answered::Rejected(Reason::NotTaken {
                    why: format!("rejected: {}", one.reason),
                    advice: format!("{meanwhile}; `ponte approve accept {id}` takes it after all"),
                }),
                Standing::Open => match ask(why.to_owned()) {
                    Answered::Ask(reason) => Answered::Asked(reason),
                    other => other,
                },
                // Imported, and its link is gone: a new question.
                Standing::Applied => ask(format!("{why}; it was approved and imported before")),
            },
            None => ask(why.to_owned()),
        }
    }
}

/// What became of a question.
pub enum Answered {
    /// It is yet to be asked.
    Ask(Reason),
    /// It is asked, and nobody has answered.
    Asked(Reason),
    Accepted,
    Rejected(Reason),
}

fn not(reason: Reason) -> Verdict {
    Verdict::Not(reason)
}

/// Names that mean nothing were told when the file was read.
pub(super) fn resolved(expr: &Expr) -> Option<Resolved> {
    expr.resolve(&mut Fields::default()).ok()
}

pub(super) fn holds(
    condition: Option<&Resolved>,
    expr: Option<&Expr>,
    head: &Head,
) -> Result<bool, Reason> {
    let (Some(condition), Some(expr)) = (condition, expr) else {
        return Ok(true);
    };
    condition.holds(head).map_err(|why| Reason::Expression {
        why: why.to_string(),
        place: expr.at.place(),
    })
}

/// What tells whether an order is still the one that was approved.
pub fn digest(content: &Content) -> String {
    let content = Content {
        digest: String::new(),
        ..content.clone()
    };
    let text = serde_json::to_string(&content).unwrap_or_default();
    blake3::hash(text.as_bytes()).to_hex()[..32].to_owned()
}

/// What a person is shown of a question.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Question {
    pub why: String,
    /// What it is about, in one line.
    pub title: String,
    /// What has changed since it was asked, or approved, before.
    pub changes: Vec<String>,
    pub content: Content,
}

impl Question {
    pub fn new(why: &str, title: String, content: &Content, before: Option<&Approval>) -> Question {
        let before = before.and_then(|one| Question::read(&one.detail));
        let changes = before.map(|before| differences(&before.content, content));
        Question {
            why: why.to_owned(),
            title,
            changes: changes.unwrap_or_default(),
            content: content.clone(),
        }
    }

    /// What cannot be read was never asked.
    pub fn read(detail: &str) -> Option<Question> {
        serde_json::from_str(detail).ok()
    }

    pub fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[derive(Default)]
struct Fields {
    asks_customer: bool,
}

impl Resolve for Fields {
    fn name(&mut self, name: &Name<'_>) -> Result<Slot, Unknown> {
        let slot = match name {
            Name::Field(field) => {
                self.asks_customer |= *field == NEW_CUSTOMER;
                fields().position(|(known, _)| known == *field)
            }
            _ => None,
        };
        slot.map(|slot| slot as Slot).ok_or_else(|| Unknown {
            message: "a rule sees the head of an order only".to_owned(),
            candidates: Vec::new(),
            note: None,
        })
    }
}

/// What rules see of an order, in the order of [`ruled`](fields).
pub struct Head {
    values: Vec<Value>,
    now: DateTime<Utc>,
    zone: Zone,
}

impl Head {
    fn of(&self, name: &str) -> &Value {
        let at = fields().position(|(known, _)| known == name);
        at.and_then(|at| self.values.get(at))
            .unwrap_or(&Value::Null)
    }
}

impl Env for Head {
    fn value(&self, slot: Slot) -> Result<Cow<'_, Value>, EvalError> {
        Ok(self
            .values
            .get(slot as usize)
            .map_or(Cow::Owned(Value::Null), Cow::Borrowed))
    }

    fn lookup(&self, _: Slot, _: &[Value]) -> Result<Cow<'_, Value>, EvalError> {
        Err(EvalError::Invalid("a rule has no small tables".to_owned()))
    }

    fn now(&self) -> DateTime<Utc> {
        self.now
    }

    fn zone(&self) -> Zone {
        self.zone
    }
}
