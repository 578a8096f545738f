//! Numbered things of which a stretch can be given up, while the numbers of all others stay what they are.
//!
//! What a request makes is of no use once the request is in the map. An application has a thousand entry points, and
//! what all of their requests make would not fit into memory.

/// A stretch that was given up.
#[derive(Clone, Copy, Debug)]
struct Gone {
    from: usize,
    to: usize,
    /// How many things have been given up in all, this stretch included.
    count: usize,
}

/// Things with numbers, in the order in which they were made.
#[derive(Debug)]
pub struct Kept<T> {
    items: Vec<T>,
    gone: Vec<Gone>,
    /// What stands for everything that was given up.
    blank: T,
    /// Takes what is written to something that was given up.
    spare: T,
}

impl<T: Clone> Kept<T> {
    /// Returns no things; `blank` stands for those that will have been given up.
    pub fn new(blank: T) -> Kept<T> {
        Kept {
            items: Vec::new(),
            gone: Vec::new(),
            spare: blank.clone(),
            blank,
        }
    }

    /// Adds a thing and returns its number.
    pub fn push(&mut self, item: T) -> usize {
        self.items.push(item);
        self.len() - 1
    }

    /// Returns the number of things that there have been.
    pub fn len(&self) -> usize {
        self.items.len() + self.gone.last().map_or(0, |gone| gone.count)
    }

    /// Holds if there has been nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns where a thing is, unless it was given up.
    fn place(&self, number: usize) -> Option<usize> {
        let behind = self.gone.partition_point(|gone| gone.from <= number);
        match behind.checked_sub(1).map(|last| self.gone[last]) {
            None => Some(number),
            Some(gone) if number < gone.to => None,
            Some(gone) => Some(number - gone.count),
        }
    }

    /// Returns the thing with this number.
    pub fn get(&self, number: usize) -> &T {
        self.place(number)
            .map_or(&self.blank, |place| &self.items[place])
    }

    /// Returns the thing with this number for a change.
    pub fn get_mut(&mut self, number: usize) -> &mut T {
        match self.place(number) {
            Some(place) => &mut self.items[place],
            None => {
                self.spare = self.blank.clone();
                &mut self.spare
            }
        }
    }

    /// Returns the things from this number on, each with its number.
    pub fn since(&self, number: usize) -> impl DoubleEndedIterator<Item = (usize, &T)> + Clone {
        let start = self.gone.partition_point(|gone| gone.to <= number);
        let given_up = start.checked_sub(1).map_or(0, |last| self.gone[last].count);
        let inside = self.gone.get(start).filter(|gone| gone.from <= number);
        let first = inside.map_or(number, |gone| gone.from) - given_up;
        let items = self.items.iter().enumerate().skip(first);
        items.map(|(place, item)| (self.number(place), item))
    }

    /// Returns the number of the thing at a place.
    fn number(&self, place: usize) -> usize {
        let mut number = place;
        for gone in &self.gone {
            if number < gone.from {
                break;
            }
            number = place + gone.count;
        }
        number
    }

    /// Gives up all things from this number on.
    pub fn give_up(&mut self, from: usize) {
        let to = self.len();
        let Some(place) = self.place(from).filter(|place| *place < self.items.len()) else {
            return;
        };
        let count = to - place;
        self.items.truncate(place);
        match self.gone.last_mut() {
            Some(last) if last.to == from => {
                last.to = to;
                last.count = count;
            }
            _ => self.gone.push(Gone { from, to, count }),
        }
    }
}
