//! Inheritance: the order in which classes are searched, bases that nobody has the code of, and `super`.
//!
//! Both languages find a member by walking one list, so the list is made in one place.

use std::rc::Rc;

use firedoor_source::Span;
use ustr::Ustr;

use crate::{Arguments, Atom, Machine, ObjectId, ObjectKind, Stop, Value};

/// What a class inherits from.
#[derive(Debug)]
pub(crate) struct Lineage {
    /// The class and its bases, in the order of look-up.
    order: Vec<ObjectId>,
    /// The API paths that it inherits from outside, in the order of look-up.
    outside: Vec<Ustr>,
    /// Both together, in the order of look-up, if something from outside stands before a class of the program.
    mixed: Vec<Link>,
    /// Holds if it is not known what it inherits from.
    is_unknown: bool,
}

/// A class in the order of look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    /// A class of the program.
    Own(ObjectId),
    /// A class from outside.
    Outside(Ustr),
}

impl<'p> Machine<'p> {
    /// Returns the class and what it inherits from, in the order of look-up.
    pub fn class_order(&self, class: ObjectId) -> Vec<ObjectId> {
        self.lineage(class).order.clone()
    }

    /// Returns what a class inherits from. Each attribute that is read asks for it several times, and what a class
    /// inherits from is settled once it is made.
    fn lineage(&self, class: ObjectId) -> Rc<Lineage> {
        if let Some(known) = self.lineages.borrow().get(&class) {
            return Rc::clone(known);
        }
        let order = self.order_of(class);
        let lineage = Rc::new(Lineage {
            outside: self.outside_of(&order),
            is_unknown: order.iter().any(|class| self.has_unknown_bases(*class)),
            mixed: self.mixed_of(class),
            order,
        });
        // Objects of the host take their kind only after they were made.
        if matches!(self.heap.get(class).kind, ObjectKind::Class { .. }) {
            let kept = Rc::clone(&lineage);
            self.lineages.borrow_mut().insert(class, kept);
        }
        lineage
    }

    fn order_of(&self, class: ObjectId) -> Vec<ObjectId> {
        let mut order = Vec::new();
        self.collect_order(class, &mut order, 0);
        let mut unique = Vec::with_capacity(order.len());
        for (index, class) in order.iter().enumerate() {
            if !order[index + 1..].contains(class) {
                unique.push(*class);
            }
        }
        unique
    }

    fn collect_order(&self, class: ObjectId, order: &mut Vec<ObjectId>, depth: usize) {
        if depth > 30 || order.len() > 200 {
            return;
        }
        order.push(class);
        if let ObjectKind::Class { bases, .. } = &self.heap.get(class).kind {
            for base in bases.iter().flat_map(Value::objects) {
                if matches!(self.heap.get(base).kind, ObjectKind::Class { .. }) {
                    self.collect_order(base, order, depth + 1);
                }
            }
        }
    }

    /// The order of look-up with what comes from outside in its places; empty where nothing stands before a class of the
    /// program, since nothing is hidden then.
    fn mixed_of(&self, class: ObjectId) -> Vec<Link> {
        let mut all = Vec::new();
        self.collect_links(class, &mut all, 0);
        let mut links = Vec::with_capacity(all.len());
        for (index, link) in all.iter().enumerate() {
            if !all[index + 1..].contains(link) {
                links.push(*link);
            }
        }
        let first = links
            .iter()
            .position(|link| matches!(link, Link::Outside(_)));
        let last = links.iter().rposition(|link| matches!(link, Link::Own(_)));
        match first < last && first.is_some() {
            true => links,
            false => Vec::new(),
        }
    }

    fn collect_links(&self, class: ObjectId, links: &mut Vec<Link>, depth: usize) {
        if depth > 30 || links.len() > 200 {
            return;
        }
        links.push(Link::Own(class));
        let ObjectKind::Class { bases, .. } = &self.heap.get(class).kind else {
            return;
        };
        for atom in bases.iter().flat_map(|base| base.atoms()) {
            match atom {
                Atom::Outside(path) => links.push(Link::Outside(*path)),
                Atom::Object(base) => match self.heap.get(*base).kind {
                    ObjectKind::Class { .. } => self.collect_links(*base, links, depth + 1),
                    ObjectKind::Host(path) => links.push(Link::Outside(path)),
                    _ => {}
                },
                _ => {}
            }
        }
    }

    /// Holds if a class that is or inherits from one of the outside, or an instance of one, is known not to have a member of
    /// this name: `getattr(view, "is_public", False)`.
    pub(crate) fn lacks(&self, atom: &Atom, key: Ustr) -> bool {
        let host = self.host();
        let id = match atom {
            Atom::Outside(path) => return host.defines(path, &key) == Some(false),
            Atom::Object(id) => *id,
            _ => return false,
        };
        let class = match self.heap.get(id).kind {
            ObjectKind::Instance { class } => class,
            ObjectKind::Class { .. } => id,
            _ => return false,
        };
        let lineage = self.lineage(class);
        let mut outside = lineage.outside.iter();
        !lineage.is_unknown
            && !lineage.outside.is_empty()
            && outside.all(|path| host.defines(path, &key) == Some(false))
            && self.heap.property(id, key).is_none()
            && self.class_attribute(class, key).is_none()
    }

    /// Returns the API paths from outside that are asked for members before `owner` is.
    pub fn outside_before(&self, class: ObjectId, owner: ObjectId) -> Vec<Ustr> {
        let lineage = self.lineage(class);
        let links = lineage.mixed.iter();
        let before = links.take_while(|link| **link != Link::Own(owner));
        before
            .filter_map(|link| match link {
                Link::Outside(path) => Some(*path),
                Link::Own(_) => None,
            })
            .collect()
    }

    /// Returns the class from outside that stands before `owner` in the bases and has a member of this name itself, so
    /// that the one of `owner` is never asked: `class Page(View, Guard)`. One that several share is asked after all.
    fn hides(
        &self,
        lineage: &Lineage,
        home: Option<ObjectId>,
        owner: ObjectId,
        key: Ustr,
    ) -> Option<Ustr> {
        let place = |wanted: ObjectId| {
            lineage
                .mixed
                .iter()
                .position(|link| *link == Link::Own(wanted))
        };
        let at = place(owner)?;
        let from = home.and_then(place).map_or(0, |home| home + 1);
        let host = self.host();
        let defining = |links: &[Link]| {
            links.iter().find_map(|link| match link {
                Link::Outside(path) if host.defines(path, &key) == Some(true) => Some(*path),
                _ => None,
            })
        };
        let found = defining(lineage.mixed.get(from..at)?)?;
        defining(&lineage.mixed[at..]).is_none().then_some(found)
    }

    /// Returns the API paths that a class (or the class of an instance) inherits from outside, in the
    /// order of look-up.
    pub fn outside_bases(&self, id: ObjectId) -> Vec<Ustr> {
        let class = match self.heap.get(id).kind {
            ObjectKind::Instance { class } | ObjectKind::Prototype { class } => class,
            _ => id,
        };
        self.lineage(class).outside.clone()
    }

    fn outside_of(&self, order: &[ObjectId]) -> Vec<Ustr> {
        let mut paths = Vec::new();
        for class in order {
            let bases = match &self.heap.get(*class).kind {
                ObjectKind::Class { bases, .. } => bases,
                // An instance of a class that a library brings.
                ObjectKind::Host(path) => {
                    paths.push(*path);
                    continue;
                }
                _ => continue,
            };
            for base in bases {
                for atom in base.atoms() {
                    match atom {
                        Atom::Outside(path) => paths.push(*path),
                        Atom::Object(base) => {
                            if let ObjectKind::Host(path) = self.heap.get(*base).kind {
                                // A generic with parameters is inherited from as without.
                                let path = path.strip_suffix("[]").map_or(path, Ustr::from);
                                paths.push(path);
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        paths
    }

    /// Returns the first API path that a class or instance inherits from outside.
    pub fn outside_base(&self, id: ObjectId) -> Option<Ustr> {
        let class = match self.heap.get(id).kind {
            ObjectKind::Instance { class } | ObjectKind::Prototype { class } => class,
            ObjectKind::Class { .. } => id,
            _ => return None,
        };
        self.lineage(class).outside.first().copied()
    }

    /// Returns what the instances of a class share under `key`, with the class that has it.
    pub fn class_attribute(&self, class: ObjectId, key: Ustr) -> Option<(ObjectId, Value)> {
        let lineage = self.lineage(class);
        let found = lineage.order.iter().find_map(|owner| {
            let ObjectKind::Class { prototype, .. } = self.heap.get(*owner).kind else {
                return None;
            };
            let value = self.heap.property(prototype, key)?;
            Some((*owner, value.clone()))
        });
        found.filter(|(owner, _)| {
            lineage.mixed.is_empty() || self.hides(&lineage, None, *owner, key).is_none()
        })
    }

    pub(crate) fn setter(&self, id: ObjectId, key: Ustr) -> Option<Value> {
        if self.is_python() {
            return None;
        }
        let key = Ustr::from(&format!("set:{key}"));
        if let Some(own) = self.heap.property(id, key) {
            return Some(own.clone());
        }
        let ObjectKind::Instance { class } = self.heap.get(id).kind else {
            return None;
        };
        self.class_attribute(class, key).map(|(_, value)| value)
    }

    /// Holds if it is not known what a class inherits from.
    pub(crate) fn has_unknown_base(&self, class: ObjectId) -> bool {
        self.lineage(class).is_unknown
    }

    fn has_unknown_bases(&self, class: ObjectId) -> bool {
        let ObjectKind::Class { bases, .. } = &self.heap.get(class).kind else {
            return false;
        };
        bases.iter().any(Value::is_unknown)
    }

    /// `super(...)`.
    pub(crate) fn call_super(&mut self, arguments: &Arguments, span: Span) -> Result<Value, Stop> {
        let this = self.frame().this.clone();
        let Some(home) = self.frame().home else {
            return Ok(this);
        };
        let behind = self.bases_behind(home, &this);
        if behind.is_empty() {
            crate::javascript::construct_base(self, home, &this, arguments, span);
        }
        self.construct_in_order(&behind, &this, arguments, span)?;
        self.initialize_fields(&[home], &this)?;
        Ok(this)
    }

    /// The classes behind `home` in the order of the instance.
    fn bases_behind(&self, home: ObjectId, this: &Value) -> Vec<ObjectId> {
        let class = match this.only_object().map(|id| &self.heap.get(id).kind) {
            Some(ObjectKind::Instance { class }) => *class,
            Some(ObjectKind::Class { .. }) => this.only_object().unwrap_or(home),
            _ => home,
        };
        let order = self.class_order(class);
        match order.iter().position(|found| *found == home) {
            Some(position) => order[position + 1..].to_vec(),
            None => self.class_order(home).into_iter().skip(1).collect(),
        }
    }

    /// `super.name`.
    pub(crate) fn super_member(&mut self, name: Ustr, span: Span) -> Result<Value, Stop> {
        let this = self.frame().this.clone();
        match self.frame().home {
            Some(home) => self.super_of(home, &this, name, span),
            None => Ok(Value::undefined()),
        }
    }

    pub(crate) fn super_of(
        &mut self,
        home: ObjectId,
        this: &Value,
        name: Ustr,
        span: Span,
    ) -> Result<Value, Stop> {
        let is_static = !self.is_python()
            && this
                .only_object()
                .is_some_and(|id| matches!(self.heap.get(id).kind, ObjectKind::Class { .. }));
        let class = this.objects().next().unwrap_or(home);
        let class = match self.heap.get(class).kind {
            ObjectKind::Instance { class } => class,
            _ => class,
        };
        let lineage = self.lineage(class);
        for base in self.bases_behind(home, this) {
            let ObjectKind::Class { prototype, .. } = self.heap.get(base).kind else {
                continue;
            };
            let prototype = if is_static { base } else { prototype };
            if let Some(value) = self.heap.property(prototype, name).cloned() {
                if let Some(path) = self.hides(&lineage, Some(home), base, name) {
                    let path = self.path_of_result(path);
                    return Ok(self.outside_method(path, this.clone(), name, span));
                }
                if name == "__new__" {
                    return Ok(value);
                }
                return self.bind_attribute(value, base, this, span);
            }
            let getter = self.getter_key(name);
            if let Some(getter) = self.heap.property(prototype, getter).cloned() {
                let this = Some(this.clone());
                return self.call_value(&getter, this, &Arguments::default(), span);
            }
        }
        // A mixin without a base of its own stands before one from outside.
        let behind = this.objects().next();
        let behind = behind.and_then(|id| self.outside_base(id));
        match self.outside_base(home).or(behind) {
            Some(path) => {
                let base = self.path_of_result(path);
                Ok(self.outside_method(base, this.clone(), name, span))
            }
            None if !self.is_python() => Ok(Value::undefined()),
            None => Ok(self.outside_method(
                Ustr::from("py:builtins.object()"),
                this.clone(),
                name,
                span,
            )),
        }
    }
}
