// A small seeded generator of random numbers: the same seed gives the same applications on every machine.
'use strict';

class Random {
  constructor(seed) {
    this.state = seed >>> 0;
    for (let index = 0; index < 8; index++) this.next();
  }

  /** A number from 0 up to, not including, 1 (mulberry32). */
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let value = this.state;
    value = Math.imul(value ^ (value >>> 15), value | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  }

  between(least, most) {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(share) {
    return this.next() < share;
  }

  pick(items) {
    return items[Math.floor(this.next() * items.length)];
  }

  shuffled(items) {
    const copy = [...items];
    for (let index = copy.length - 1; index > 0; index--) {
      const other = Math.floor(this.next() * (index + 1));
      [copy[index], copy[other]] = [copy[other], copy[index]];
    }
    return copy;
  }
}

module.exports = { Random };
