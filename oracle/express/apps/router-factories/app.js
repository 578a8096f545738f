// Routers are returned by functions of other files, some with the guard as an argument.
const express = require('express');
const { requireUser } = require('./guards');
const makeAlbums = require('./albums');
const { makeComments } = require('./comments');

const app = express();
app.use(express.json());
app.use('/albums', makeAlbums({ guard: requireUser }));
app.use('/comments', makeComments());
app.use('/drafts', makeAlbums({}));

module.exports = app;
