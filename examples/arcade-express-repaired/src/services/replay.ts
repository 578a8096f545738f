const worth: Record<string, number> = { hit: 10, rally: 2, miss: -5 };

/** Plays the moves of a match again, so that the points are ours and not the client's. */
export function replay(moves: string[]) {
  let points = 0;
  for (const move of moves) points = Math.max(0, points + (worth[move] ?? 0));
  return points;
}
