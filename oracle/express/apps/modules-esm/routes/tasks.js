import { Router } from 'express';
export const router = Router();
router.get('/', (req, res) => res.json([]));
router.post('/', (req, res) => res.sendStatus(201));
