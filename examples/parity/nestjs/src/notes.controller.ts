import { Body, Controller, Delete, Get, HttpCode, NotFoundException, Param, ParseIntPipe, Patch, Post } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { CurrentAccount, Public } from './guards';
import { Account, Note } from './store';

@Controller('notes')
export class NotesController {
  constructor(@InjectRepository(Note) private readonly notes: Repository<Note>) {}

  @Get()
  listed(@CurrentAccount() account: Account) {
    return this.notes.find({ where: { ownerId: account.id }, select: { id: true, text: true } });
  }

  @Post()
  async create(@CurrentAccount() account: Account, @Body() body: { text: string }) {
    const note = await this.notes.save({ ownerId: account.id, text: String(body.text) });
    return { id: note.id };
  }

  @Get(':id')
  async read(@CurrentAccount() account: Account, @Param('id', ParseIntPipe) id: number) {
    const note = await this.notes.findOneBy({ id });
    if (!note || note.ownerId !== account.id) {
      throw new NotFoundException('no such note');
    }
    return { id: note.id, text: note.text };
  }

  @Patch(':id')
  async change(@Param('id', ParseIntPipe) id: number, @Body() body: { text: string }) {
    await this.notes.update({ id }, { text: String(body.text) });
    return { status: 'changed' };
  }

  @Public()
  @Delete(':id')
  @HttpCode(204)
  async remove(@Param('id', ParseIntPipe) id: number) {
    await this.notes.delete({ id });
  }
}
