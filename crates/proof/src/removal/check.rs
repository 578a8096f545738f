//! Checks inside handlers: what refuses is taken out, and the request goes on as if the test had come out well.

use firedoor_app::CheckPlace;
use firedoor_ir::{
    BinaryOperator, ExpressionId, ExpressionKind, Language, Statement, StatementKind, UnaryOperator,
};
use firedoor_source::{FileSet, Span};

use super::tree::{Placed, Slot, Tree};
use super::{Edit, NotMade, edit};

/// Returns what takes the check out.
pub(crate) fn removal(
    files: &FileSet,
    tree: &Tree<'_>,
    place: &CheckPlace,
) -> Result<Edit, NotMade> {
    if let Some(conditional) = conditional(tree, place.span) {
        return Ok(edit::decide(tree, conditional, place.passes));
    }
    let Some(placed) = tree.statement(place.span, |_| true) else {
        return Err("no statement stands where the check is");
    };
    let span = placed.statement.span;
    match &placed.statement.kind {
        StatementKind::If {
            test, otherwise, ..
        } => {
            let test = tree.module.expression(*test).span;
            let is_test = test.contains(place.span) || place.span == span;
            if !is_test {
                return Err("it stands in a statement of another kind");
            }
            if !place.ends && !refuses(&placed) {
                return Err("it refuses nobody by itself: what follows does");
            }
            let is_whole = otherwise.is_empty() && !placed.is_chained && !place.passes;
            match is_whole && !starts_with(files, span, "elif") {
                true => Ok(edit::statement(tree, span)),
                false => Ok(edit::decide(tree, test, place.passes)),
            }
        }
        StatementKind::Expression(_) | StatementKind::Assert { .. } | StatementKind::Throw(_) => {
            Ok(edit::statement(tree, span))
        }
        StatementKind::Declare { .. } => checked_below(files, tree, &placed, place),
        StatementKind::Return(_) => match truth(tree, place.span) {
            Some(test) => Ok(edit::decide(tree, test, place.passes)),
            None => unproven(tree, place.span).ok_or("its value is what the function returns"),
        },
        StatementKind::Try { .. } => Err("that it fails is the check"),
        StatementKind::Function(_) | StatementKind::Class(_) => {
            Err("what decides stands outside of the code")
        }
        _ => Err("it stands in a statement of another kind"),
    }
}

/// Holds if the sides of an `if` part ways: one of them leaves, or each has a block, or nothing follows.
fn refuses(placed: &Placed<'_>) -> bool {
    let StatementKind::If {
        then, otherwise, ..
    } = &placed.statement.kind
    else {
        return false;
    };
    leaves(then) || !otherwise.is_empty() || placed.next.is_none()
}

fn leaves(block: &[Statement]) -> bool {
    block.last().is_some_and(|last| {
        matches!(
            last.kind,
            StatementKind::Return(_)
                | StatementKind::Throw(_)
                | StatementKind::Continue(_)
                | StatementKind::Break(_)
        )
    })
}

/// Returns the place if what stands there says yes or no.
fn truth(tree: &Tree<'_>, place: Span) -> Option<Span> {
    let is_truth = |id: &ExpressionId| match tree.module.expression(*id).kind {
        ExpressionKind::Unary(UnaryOperator::Not, _) => true,
        ExpressionKind::Binary(operator, ..) => is_comparison(operator),
        _ => matches!(tree.slot(*id), Some(Slot::Part(parent)) if matches!(
            tree.module.expression(parent).kind,
            ExpressionKind::Logical(..) | ExpressionKind::Unary(UnaryOperator::Not, _)
        )),
    };
    let own = tree.expressions_at(place);
    own.iter().any(is_truth).then_some(place)
}

fn is_comparison(operator: BinaryOperator) -> bool {
    use BinaryOperator as Operator;
    matches!(
        operator,
        Operator::LooseEqual
            | Operator::LooseNotEqual
            | Operator::Equal
            | Operator::NotEqual
            | Operator::Is
            | Operator::IsNot
            | Operator::Less
            | Operator::LessEqual
            | Operator::Greater
            | Operator::GreaterEqual
            | Operator::In
            | Operator::NotIn
            | Operator::InstanceOf
    )
}

/// Returns the test of the innermost conditional expression that the place is the test of.
fn conditional(tree: &Tree<'_>, place: Span) -> Option<Span> {
    tree.ids()
        .find_map(|id| match tree.module.expression(id).kind {
            ExpressionKind::Conditional { test, .. } => {
                let test = tree.module.expression(test).span;
                (test == place).then_some(test)
            }
            _ => None,
        })
}

/// A value is looked for, and what follows asks whether it was found.
fn checked_below(
    files: &FileSet,
    tree: &Tree<'_>,
    placed: &Placed<'_>,
    place: &CheckPlace,
) -> Result<Edit, NotMade> {
    let next = placed.next.map(|next| (next, &next.kind));
    match next {
        Some((next, StatementKind::If { .. })) if !place.passes => {
            let _ = files;
            Ok(edit::statement(tree, next.span))
        }
        _ => unproven(tree, place.span).ok_or("its value is used further on"),
    }
}

/// A call that proves something and gives what it has proven: what it would give for nothing is an empty object.
fn unproven(tree: &Tree<'_>, place: Span) -> Option<Edit> {
    let is_call = |id: &ExpressionId| {
        matches!(
            tree.module.expression(*id).kind,
            ExpressionKind::Call { .. } | ExpressionKind::Await(_)
        )
    };
    let is_javascript = tree.module.language == Language::JavaScript;
    let is_proof = is_javascript && tree.expressions_at(place).iter().any(is_call);
    is_proof.then(|| Edit::new(place, "({})"))
}

fn starts_with(files: &FileSet, span: Span, word: &str) -> bool {
    files.text(span).starts_with(word)
}
