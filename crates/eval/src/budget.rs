//! How much is evaluated before the machine gives up, counted in steps: no answer may hang on the computer that it is
//! worked out on.
//!
//! There are two budgets. Each module and each request has one of its own, and all modules together have one, as all
//! requests have. From that of the program everybody has a share for sure, so that what is cheap is evaluated whole,
//! whatever came before it; what the cheap ones leave of theirs is for those that need more, the first first.

use crate::{Machine, Stop};

/// How much is evaluated before the machine gives up.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The number of expressions and statements for one module or request.
    pub steps: u64,
    /// The work for all modules together, in the time of as many steps.
    pub wiring: u64,
    /// The work for all requests through entry points together, likewise.
    pub requests: u64,
    /// The work for all requests through guards by themselves, likewise.
    pub guards: u64,
    /// The depth of calls.
    pub depth: usize,
    /// How often one function may be on the stack with the same variables around it and the same texts given to it.
    pub recursion: usize,
    /// How often one function may be on the stack at all.
    pub nesting: usize,
    /// How often one function may call itself, in all, for one module or request.
    pub recursions: u32,
    /// The number of rounds of a loop over known elements.
    pub rounds: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            steps: 400_000,
            wiring: 20_000_000,
            requests: 40_000_000,
            guards: 8_000_000,
            depth: 60,
            recursion: 3,
            nesting: 16,
            recursions: 300,
            rounds: 300,
        }
    }
}

/// How many values are copied in the time of a step.
const COPIES_PER_STEP: u64 = 8;

/// How many places are written again or taken back in the time of a step.
const MOVES_PER_STEP: u64 = 8;

/// The most work that is kept back for each module or request that is still to come.
const SHARE: u64 = 20_000;

/// The work that each module or request gets where nothing is left.
const LEAST: u64 = 2_000;

/// Of so many guards each has a share for sure.
const GUARDS: usize = 200;

/// What the program as a whole has used of its budget.
#[derive(Debug)]
pub(crate) struct Spending {
    /// All work so far.
    spent: u64,
    /// How much work will have been done when the budget of the program ends.
    end: u64,
    /// How much work will have been done when that of the module or request ends which is running.
    until: u64,
    /// How many modules or requests want a share, the next included.
    waiting: u64,
    /// The work that is kept back for each of them.
    share: u64,
    /// Holds if what is running now was ended by this budget, and not by its own.
    is_short: bool,
}

impl Spending {
    /// Returns the budget of a program of so many modules.
    pub(crate) fn new(limits: &Limits, modules: usize) -> Spending {
        let mut spending = Spending {
            spent: 0,
            end: limits.wiring,
            until: limits.wiring,
            waiting: 1,
            share: SHARE,
            is_short: false,
        };
        spending.divide(modules);
        spending
    }

    /// Keeps back half of what is left for so many modules or requests, and no more than they are likely to need.
    fn divide(&mut self, waiting: usize) {
        self.waiting = waiting as u64;
        let half = self.end.saturating_sub(self.spent) / 2;
        self.share = (half / self.waiting.max(1)).clamp(LEAST, SHARE);
    }

    /// Gives what starts now as much as is not kept back for others.
    fn start(&mut self) {
        let others = self.waiting.saturating_sub(1).saturating_mul(self.share);
        let left = self.end.saturating_sub(self.spent);
        let free = left.saturating_sub(others);
        self.until = self.spent + free.max(self.share);
        self.is_short = false;
    }
}

/// Where what was running is left while something else is run.
pub(crate) struct Pause {
    steps: u64,
    spent: u64,
    until: u64,
    is_short: bool,
    recursions: rustc_hash::FxHashMap<(crate::ModuleId, firedoor_ir::FunctionId), u32>,
}

impl Machine<'_> {
    /// Begins a new budget of steps.
    pub fn start(&mut self) {
        self.steps = 0;
        self.recursions.clear();
        self.spending.start();
    }

    /// Begins the budget of all requests through entry points.
    pub fn start_requests(&mut self) {
        self.spending.end = self.spending.spent + self.limits.requests;
        self.spending.waiting = 1;
    }

    /// Begins the budget of all requests through guards by themselves.
    pub fn start_guards(&mut self) {
        self.spending.end = self.spending.spent + self.limits.guards;
        self.spending.divide(GUARDS);
    }

    /// Divides what is left among so many modules or requests.
    pub fn divide(&mut self, waiting: usize) {
        self.spending.divide(waiting);
    }

    /// Says how many of them still want their share, the next included.
    pub fn share_among(&mut self, waiting: usize) {
        self.spending.waiting = waiting as u64;
    }

    /// Holds if what was run last came to the end of the budget of the whole program.
    pub fn is_program_too_large(&self) -> bool {
        self.spending.is_short
    }

    /// Returns how much work was done so far, in steps.
    pub fn work(&self) -> u64 {
        self.spending.spent
    }

    /// Leaves what is running to run a module with a budget of its own.
    pub(crate) fn pause(&mut self) -> Pause {
        let pause = Pause {
            steps: std::mem::take(&mut self.steps),
            recursions: std::mem::take(&mut self.recursions),
            spent: self.spending.spent,
            until: self.spending.until,
            is_short: self.spending.is_short,
        };
        let loaded = self.loaded as usize;
        self.share_among(self.program.modules.len().saturating_sub(loaded));
        self.spending.start();
        pause
    }

    /// Goes back to what was left: it has as much before it as it had then, as long as the program has.
    pub(crate) fn resume(&mut self, pause: Pause) {
        self.steps = pause.steps;
        self.recursions = pause.recursions;
        let spending = &mut self.spending;
        let used = spending.spent - pause.spent;
        let most = spending.end.max(spending.spent + LEAST);
        spending.until = most.min(pause.until + used);
        spending.is_short = pause.is_short;
    }

    /// Runs `work` with no more than a quarter of the steps that are left, so that what comes after it is evaluated
    /// even where it is too much.
    pub fn aside<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let whole = (self.limits.steps, self.spending.until);
        let left = whole.0.saturating_sub(self.steps);
        self.limits.steps = self.steps + left / 4;
        let spent = self.spending.spent;
        self.spending.until = spent + whole.1.saturating_sub(spent) / 4;
        let outcome = work(self);
        (self.limits.steps, self.spending.until) = whole;
        outcome
    }

    /// Counts a step; fails once the budget is used up.
    pub(crate) fn step(&mut self) -> Result<(), Stop> {
        // What was copied costs too, or lists and texts that double would fill the memory in a few steps.
        let steps = 1 + std::mem::take(&mut self.heap.copied) / COPIES_PER_STEP;
        let moves = std::mem::take(&mut self.heap.moved) / MOVES_PER_STEP;
        let before = (self.steps, self.spending.spent);
        self.steps += steps;
        self.spending.spent += steps + moves;
        let is_short = self.spending.spent >= self.spending.until;
        if self.steps < self.limits.steps && !is_short {
            return Ok(());
        }
        if before.0 < self.limits.steps && before.1 < self.spending.until {
            self.spending.is_short = is_short;
            self.note_end(is_short);
        }
        Err(Stop::Budget)
    }

    fn note_end(&mut self, is_short: bool) {
        let detail = match is_short {
            true => "the program is too large to be evaluated whole; the rest of this is not known",
            false => "too much to evaluate; the rest is not known",
        };
        self.note("budget", self.span, detail);
    }

    /// Counts work that grows with the size of a value as so many steps; the next step fails once the budget
    /// is used up.
    pub(crate) fn charge(&mut self, steps: usize) {
        let steps = steps as u64;
        let last = self.limits.steps.saturating_sub(1);
        if self.steps < last {
            self.steps = last.min(self.steps + steps);
        }
        let last = self.spending.until.saturating_sub(1);
        if self.spending.spent < last {
            self.spending.spent = last.min(self.spending.spent + steps);
        }
    }
}
