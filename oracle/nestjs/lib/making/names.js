// Names of classes and functions: drawn at random, so that none says what it does.
'use strict';

const FIRST = ['Amber', 'Basic', 'Calm', 'Double', 'Early', 'Firm', 'Grey', 'Hollow', 'Inner', 'Jolly', 'Keen', 'Loose', 'Minor', 'Next', 'Open', 'Plain', 'Quiet', 'Round', 'Strict', 'Third'];

/** Gives names that no other thing of the application has. */
function namer(random) {
  const taken = new Set();
  return (ending) => {
    let name = random.pick(FIRST) + ending;
    while (taken.has(name)) name = random.pick(FIRST) + random.pick(FIRST) + ending;
    taken.add(name);
    return name;
  };
}

const lower = (name) => name[0].toLowerCase() + name.slice(1);

module.exports = { namer, lower };
