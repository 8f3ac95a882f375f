// Offers requests to a sampler at a steady rate, and counts what it keeps.
//
// So many requests for each path in every second. Prints, about four times a second, a line of JSON with all that was
// offered and kept so far: {"/path": [offered, kept], ...}. The process ends when its standard input does.
'use strict';

// Requests are offered in so many portions a second.
const PORTIONS = 20;

// Takes REQUESTS_PER_SECOND PATH... and runs until the process ends. `keep` takes a path and says the decision.
exports.run = function run([perSecond, ...paths], keep) {
  const counts = Object.fromEntries(paths.map((path) => [path, [0, 0]]));
  const start = process.hrtime.bigint();
  let portion = 0;
  process.stdin.resume().on('end', () => process.exit(0));
  setInterval(() => {
    // Timers are late at times: offer all that is due.
    const due = Math.floor((Number(process.hrtime.bigint() - start) / 1e9) * PORTIONS);
    const told = Math.floor(portion / (PORTIONS / 4));
    for (; portion < due; portion++) {
      for (const path of paths) {
        for (const count = counts[path]; count[0] < ((portion + 1) * perSecond) / PORTIONS; count[0]++) {
          count[1] += keep(path) ? 1 : 0;
        }
      }
    }
    if (Math.floor(portion / (PORTIONS / 4)) > told) {
      console.log(JSON.stringify(counts));
    }
  }, 1000 / PORTIONS);
};
