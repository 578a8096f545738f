//! `firedoor explain`: everything about one entry point, one finding or one rule.

use firedoor_analysis::ReportedFinding;
use firedoor_app::{
    Check, CheckId, Control, Effect, EntryPoint, Layer, LayerKind, Origin, Provenance, Refusal,
    Verdict,
};
use firedoor_plan::Decision;
use firedoor_rules::Rule;

use super::excerpt::excerpt;
use super::style::{self, BOLD, DIM, Paint};
use super::wrap::{hang, hang_painted, pad};
use crate::coverage::controls_of;
use crate::shape::Place;
use crate::{Context, Subject, clean, words};

/// Renders why `subject` is as it is.
pub(super) fn render(context: &Context, subject: &Subject) -> String {
    let paint = Paint {
        is_on: context.view.is_coloured,
    };
    let parts: Vec<String> = match subject {
        Subject::Rule(rule) => vec![page(rule, paint)],
        Subject::Decision(decision) => vec![self::decision(context, decision, paint)],
        Subject::EntryPoints(entries) => entries
            .iter()
            .map(|entry| Trace::new(context, entry, paint).render())
            .collect(),
        Subject::Findings(findings) => findings
            .iter()
            .map(|reported| finding(context, reported, paint))
            .collect(),
    };
    parts.join("\n")
}

fn page(rule: &Rule, paint: Paint) -> String {
    let mut text = format!(
        "{}: {}\n{}\n\n",
        paint.paint(BOLD, rule.id),
        rule.summary,
        paint.paint(
            DIM,
            &format!(
                "{}, {} severity{}",
                rule.class,
                rule.severity.as_str(),
                rule.cwe
                    .iter()
                    .map(|cwe| format!(", {cwe}"))
                    .collect::<String>()
            )
        )
    );
    text.push_str(rule.page.trim());
    if !rule.page.trim().is_empty() {
        text.push('\n');
    }
    text
}

fn decision(context: &Context, decision: &Decision, paint: Paint) -> String {
    let width = context.view.width;
    let severity = paint.paint(DIM, &format!("{} severity", decision.severity.as_str()));
    let mut text = format!("{}: {severity}\n", paint.paint(BOLD, &decision.id));
    text.push_str(&hang("", &decision.question, width));
    text.push_str(&hang("", &decision.why, width));
    for answer in &decision.answers {
        text.push_str(&hang("  answer: ", answer, width));
    }
    for rule in &decision.rules {
        text.push_str(&format!("  checked by: firedoor explain {rule}\n"));
    }
    text.push_str(&super::plan::standing_of(context, &decision.id, paint));
    text
}

fn finding(context: &Context, reported: &ReportedFinding, paint: Paint) -> String {
    let mut text = excerpt(context, reported);
    text.push('\n');
    text.push_str(&format!("{}\n", paint.paint(BOLD, "It rests on")));
    for evidence in &reported.finding.evidence {
        let place = Place::new(context.files, evidence.span);
        let words = format!("{}: {} ({place})", evidence.role, evidence.message);
        text.push_str(&hang("  - ", &clean(&words), context.view.width));
    }
    let rule = reported.finding.rule;
    text.push_str(&format!("\nThe rule: firedoor explain {}\n", rule.id));
    if let Some(id) = &reported.finding.entry_point {
        text.push_str(&format!(
            "The entry point: firedoor explain '{}'\n",
            clean(id)
        ));
    }
    text
}

/// Tells one entry point from top to bottom.
struct Trace<'a> {
    context: &'a Context<'a>,
    entry: &'a EntryPoint,
    paint: Paint,
}

impl<'a> Trace<'a> {
    fn new(context: &'a Context<'a>, entry: &'a EntryPoint, paint: Paint) -> Trace<'a> {
        Trace {
            context,
            entry,
            paint,
        }
    }

    fn render(&self) -> String {
        let mut text = self.heading();
        text.push_str(&self.layers());
        text.push_str(&self.verdicts());
        text.push_str(&self.effects(
            "What happens for a caller who passes every guard",
            &self.entry.effects,
        ));
        text.push_str(&self.effects(
            "What a caller without credentials reaches",
            &self.entry.exposed,
        ));
        text.push_str(&self.unresolved());
        text.push_str(&self.findings());
        text
    }

    fn place(&self, span: firedoor_source::Span) -> String {
        Place::new(self.context.files, span).to_string()
    }

    fn title(&self, title: &str) -> String {
        format!("\n{}\n", self.paint.paint(BOLD, title))
    }

    fn line(&self, first: &str, text: &str) -> String {
        hang(first, &clean(text), self.context.view.width)
    }

    fn heading(&self) -> String {
        let entry = self.entry;
        let mut text = format!("{}\n", self.paint.paint(BOLD, &clean(&entry.id())));
        text.push_str(&self.line(
            "  ",
            &format!(
                "{} entry point of {} ({})",
                entry.transport.as_str(),
                entry.app,
                entry.framework
            ),
        ));
        text.push_str(&self.line(
            "  ",
            &format!(
                "handled by {} at {}, registered at {}",
                entry.handler.name,
                self.place(entry.handler.span),
                self.place(entry.registered)
            ),
        ));
        if !entry.credentials.is_empty() {
            let credentials: Vec<String> = entry.credentials.iter().map(words::origin).collect();
            let words = format!("credentials are read from {}", credentials.join(", "));
            text.push_str(&self.line("  ", &words));
        }
        if let Some(reason) = &entry.public_because {
            text.push_str(&self.line("  ", &format!("public on purpose: {reason}")));
        }
        text
    }

    fn layers(&self) -> String {
        let mut text = self.title("What it passes, in order");
        if self.entry.layers.is_empty() {
            text.push_str("  nothing stands before the handler\n");
        }
        for (index, layer) in self.entry.layers.iter().enumerate() {
            text.push_str(&self.layer(index + 1, layer));
        }
        text
    }

    fn layer(&self, number: usize, layer: &Layer) -> String {
        let first = format!("  {number}. ");
        let indent = " ".repeat(first.len());
        let name = self.paint.paint(BOLD, &clean(&layer.name));
        let kind = match layer.kind {
            LayerKind::Layer => "",
            LayerKind::Inline => " (a check inside the handler)",
            LayerKind::ErrorHandler => " (runs only after an error)",
        };
        let mut text = format!("{first}{name}{kind}\n");
        let mut places = format!("defined at {}", self.place(layer.span));
        if layer.kind != LayerKind::Inline {
            places.push_str(&format!(", mounted at {}", self.place(layer.mounted)));
        }
        text.push_str(
            &self
                .paint
                .paint(DIM, self.line(&indent, &places).trim_end()),
        );
        text.push('\n');
        let controls: Vec<String> = layer
            .controls
            .iter()
            .map(|control| words::control(*control))
            .collect();
        let what = match (controls.is_empty(), layer.verdict.detail()) {
            (true, _) => String::from("no guard: it refuses nobody because of who or what asks"),
            (false, None) => format!("{}: {}", controls.join(", "), layer.verdict.as_str()),
            (false, Some(detail)) => format!(
                "{}: {} ({detail})",
                controls.join(", "),
                layer.verdict.as_str()
            ),
        };
        text.push_str(&self.line(&indent, &what));
        if let Some(numbers) = layer.throttle.as_ref().and_then(words::throttle) {
            text.push_str(&self.line(&indent, &format!("counts attempts: {numbers}")));
        }
        if let Some((span, why)) = layer.fails_open {
            let words = format!("lets the request on {why}, at {}", self.place(span));
            text.push_str(&self.line(&indent, &words));
        }
        text
    }

    fn verdicts(&self) -> String {
        let controls = controls_of(self.entry);
        if controls.is_empty() {
            return String::new();
        }
        let mut text = self.title("Verdicts");
        for (control, verdict) in &controls {
            let word = pad(verdict.as_str(), 11);
            let first = format!(
                "  {} {}  {word}  ",
                style::mark(verdict),
                pad(&words::control(*control), 16),
            );
            let painted = self.paint.paint(style::verdict(verdict), &first);
            let decided = self.decided(*control, verdict);
            text.push_str(&hang_painted(
                (first, painted),
                &clean(&decided),
                self.context.view.width,
            ));
        }
        text
    }

    /// Returns what decided the verdict of `control`.
    fn decided(&self, control: Control, verdict: &Verdict) -> String {
        let deciding: Vec<String> = self
            .entry
            .layers
            .iter()
            .filter(|layer| layer.controls.contains(&control))
            .map(|layer| match layer.kind {
                LayerKind::Inline => format!("the check at {}", self.place(layer.mounted)),
                _ => format!("{} ({})", layer.name, layer.verdict_of(control).as_str()),
            })
            .collect();
        match (deciding.is_empty(), verdict) {
            (_, Verdict::Unknown(reason)) => format!("because {reason}"),
            (false, Verdict::Conditional(condition)) => {
                format!("{}, only if {condition}", deciding.join(", "))
            }
            (true, Verdict::Conditional(condition)) => format!("only if {condition}"),
            (false, _) => deciding.join(", "),
            (true, Verdict::Absent) => {
                String::from("no layer before it and no check inside it does this")
            }
            (true, _) => String::new(),
        }
    }

    /// Tells `effects` in order, each check where it first matters.
    fn effects(&self, title: &str, effects: &[Effect]) -> String {
        let mut text = self.title(title);
        if effects.is_empty() {
            text.push_str("  nothing that firedoor knows\n");
        }
        let mut told: Vec<CheckId> = Vec::new();
        for (index, effect) in effects.iter().enumerate() {
            for id in &effect.checks {
                if !told.contains(id) && !is_of_setup(self.entry.check(*id)) {
                    told.push(*id);
                    text.push_str(&self.check(told.len(), self.entry.check(*id)));
                }
            }
            text.push_str(&self.effect(index + 1, effect, &told));
        }
        text
    }

    fn check(&self, number: usize, check: &Check) -> String {
        let mut words = format!("{} ({})", words::check(check), self.place(check.span));
        if let Some(refusal) = &check.refusal {
            words.push_str(&format!("; otherwise {}", words::refusal(refusal)));
        }
        self.line(&format!("  [{number}] "), &words)
    }

    fn effect(&self, number: usize, effect: &Effect, told: &[CheckId]) -> String {
        let behind: String = effect
            .checks
            .iter()
            .filter_map(|id| told.iter().position(|known| known == id))
            .map(|at| format!(" [{}]", at + 1))
            .collect();
        let mut place = format!("in {}, {}", effect.function, self.place(effect.span));
        if !behind.is_empty() {
            place.push_str(&format!(", behind{behind}"));
        }
        let first = format!("  {number:>3}. ");
        let mut text = self.line(&first, &words::effect(&effect.kind));
        let indent = " ".repeat(first.len());
        text.push_str(&self.paint.paint(DIM, self.line(&indent, &place).trim_end()));
        text.push('\n');
        text
    }

    fn unresolved(&self) -> String {
        if self.entry.unresolved.is_empty() {
            return String::new();
        }
        let mut text = self.title("What could not be seen");
        for note in &self.entry.unresolved {
            text.push_str(&self.line("  - ", note));
        }
        text
    }

    fn findings(&self) -> String {
        let id = self.entry.id();
        let findings: Vec<&ReportedFinding> = self
            .context
            .report
            .findings
            .iter()
            .filter(|reported| reported.finding.entry_point.as_deref() == Some(id.as_str()))
            .collect();
        if findings.is_empty() {
            return String::new();
        }
        let mut text = self.title("Findings");
        for reported in findings {
            let finding = &reported.finding;
            let words = format!(
                "{} [{}]: {} (firedoor explain {})",
                finding.severity.as_str(),
                finding.rule.id,
                finding.title,
                reported
                    .fingerprint
                    .get(..8)
                    .unwrap_or(&reported.fingerprint)
            );
            text.push_str(&self.line("  - ", &words));
        }
        text
    }
}

/// Holds if the program only asks whether its own settings are there, and would not run without them: that is the
/// same for every request.
fn is_of_setup(check: &Check) -> bool {
    let mut examined = check.operands.iter().flat_map(Provenance::origins);
    let names_setting = examined
        .clone()
        .any(|origin| matches!(origin, Origin::Environment { .. }));
    let is_own =
        |origin: &Origin| matches!(origin, Origin::Environment { .. } | Origin::Literal(_));
    check.refusal == Some(Refusal::Throw(None)) && names_setting && examined.all(is_own)
}
