import { Router } from 'express';
import legacy from '../legacy/module.cjs';

const router = Router();
router.get('/daily', legacy.checkKey, (req, res) => res.json([]));
router.get('/weekly', (req, res) => res.json([]));
export default router;
