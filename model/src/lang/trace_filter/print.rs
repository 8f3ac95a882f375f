//! The canonical text of an expression.

use std::fmt::{self, Display, Formatter, Write};

use super::Filter;
use super::ast::{BoolTest, Condition, Expr, GroupKey, NumberOp, NumberTest, ScalarTest, Selector, TextOp, TextTest};
use super::keyword::{self, Key};

impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Or(parts) => joined(f, parts, " OR "),
            Self::And(parts) => joined(f, parts, " AND "),
            Self::Not(inner) => {
                f.write_char('!')?;
                in_parentheses_if(!stands_alone(inner), f, inner)
            }
            Self::Condition(condition) => condition.fmt(f),
            Self::Service { selector, when } => {
                f.write_str("service(")?;
                maybe(f, selector.as_ref())?;
                f.write_char(')')?;
                block(f, when.as_deref())
            }
            Self::Edge { from, to, when } => {
                f.write_str("edge(")?;
                maybe(f, from.as_ref())?;
                f.write_str(", ")?;
                maybe(f, to.as_ref())?;
                f.write_char(')')?;
                block(f, when.as_deref())
            }
            Self::Cause { kind, part, when } => {
                let (kind, part) = (keyword::cause_kind(*kind), keyword::cause_part(*part));
                write!(f, "rootcause.{kind}.{part}")?;
                block(f, when.as_deref())
            }
            Self::CauseJson { kind, causes } => {
                f.write_str("rootcause.")?;
                if let Some(kind) = kind {
                    write!(f, "{}.", keyword::cause_kind(*kind))?;
                }
                let json = serde_json::to_string(causes).map_err(|_| fmt::Error)?;
                write!(f, "json = #{json}")
            }
            Self::Trace(trace) => trace.fmt(f),
        }
    }
}

/// Lists inside lists keep their parentheses, so that the text says how it was grouped.
fn joined(f: &mut Formatter<'_>, parts: &[Expr], by: &str) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            f.write_str(by)?;
        }
        in_parentheses_if(matches!(part, Expr::Or(_) | Expr::And(_)), f, part)?;
    }
    Ok(())
}

fn stands_alone(expr: &Expr) -> bool {
    match expr {
        Expr::Or(_) | Expr::And(_) | Expr::CauseJson { .. } => false,
        Expr::Condition(condition) => matches!(
            condition,
            Condition::Flag(_, None)
                | Condition::Number(_, None)
                | Condition::Text(_, None)
                | Condition::Annotation(_, None)
        ),
        _ => true,
    }
}

fn in_parentheses_if(needed: bool, f: &mut Formatter<'_>, expr: &Expr) -> fmt::Result {
    if needed { write!(f, "({expr})") } else { expr.fmt(f) }
}

fn maybe(f: &mut Formatter<'_>, selector: Option<&Selector>) -> fmt::Result {
    selector.map_or(Ok(()), |selector| selector.fmt(f))
}

fn block(f: &mut Formatter<'_>, when: Option<&Expr>) -> fmt::Result {
    when.map_or(Ok(()), |when| write!(f, " {{ {when} }}"))
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(key, test) => tested(f, keyword::name(Key::Flag(*key)), test.as_ref()),
            Self::Number(key, test) => tested(f, keyword::name(Key::Number(*key)), test.as_ref()),
            Self::Text(key, test) => tested(f, keyword::name(Key::Text(*key)), test.as_ref()),
            Self::Annotation(name, test) => {
                let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
                if name.chars().all(plain) {
                    write!(f, "annotation.{name}")?;
                } else {
                    write!(f, "annotation[{}]", Quoted(name))?;
                }
                tested(f, "", test.as_ref())
            }
            Self::Group { by, negated, group } => {
                f.write_str(match by {
                    GroupKey::Name => "group.name",
                    GroupKey::Arn => "group.arn",
                })?;
                write!(f, " {} {}", equality(*negated), Quoted(group))
            }
        }
    }
}

fn tested(f: &mut Formatter<'_>, name: &str, test: Option<&impl Display>) -> fmt::Result {
    f.write_str(name)?;
    test.map_or(Ok(()), |test| write!(f, " {test}"))
}

fn equality(negated: bool) -> &'static str {
    if negated { "!=" } else { "=" }
}

impl Display for BoolTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", equality(self.negated), self.value)
    }
}

impl Display for NumberTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let op = match self.op {
            NumberOp::Equal => "=",
            NumberOp::NotEqual => "!=",
            NumberOp::Less => "<",
            NumberOp::LessOrEqual => "<=",
            NumberOp::Greater => ">",
            NumberOp::GreaterOrEqual => ">=",
        };
        // Very large and very small numbers would otherwise be hundreds of digits long.
        let ordinary = self.value == 0.0 || (1e-6..1e15).contains(&self.value.abs());
        if ordinary {
            write!(f, "{op} {}", self.value)
        } else {
            write!(f, "{op} {:e}", self.value)
        }
    }
}

impl Display for TextTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let op = match self.op {
            TextOp::Equal => "=",
            TextOp::NotEqual => "!=",
            TextOp::Contains => "CONTAINS",
            TextOp::BeginsWith => "BEGINSWITH",
            TextOp::EndsWith => "ENDSWITH",
        };
        write!(f, "{op} {}", Quoted(&self.value))
    }
}

impl Display for ScalarTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(test) => test.fmt(f),
            Self::Number(test) => test.fmt(f),
            Self::Text(test) => test.fmt(f),
        }
    }
}

impl Display for Selector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => Quoted(name).fmt(f),
            Self::Id { name, kind, account } => {
                let given = [("name", name), ("type", kind), ("account.id", account)];
                let mut between = "";
                f.write_str("id(")?;
                for (key, value) in given.iter().filter_map(|(key, value)| Some((key, value.as_ref()?))) {
                    write!(f, "{between}{key}: {}", Quoted(value))?;
                    between = ", ";
                }
                f.write_char(')')
            }
        }
    }
}

/// A text in quotes.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            if matches!(c, '"' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(c)?;
        }
        f.write_char('"')
    }
}
