import { guarded } from '../../../lib/guard';

export default guarded(async function notes(req, res) {
  res.status(200).json([]);
});
