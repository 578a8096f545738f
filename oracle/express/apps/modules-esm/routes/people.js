import express from 'express';
import { requireUser as guard } from '../guards/index.js';

const router = express.Router();
router.get('/:id', (req, res) => res.json({}));
router.patch('/:id', guard, (req, res) => res.json({}));
export default router;
