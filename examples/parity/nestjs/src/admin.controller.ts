import { Controller, Delete, Get, HttpCode, Param, ParseIntPipe, UseGuards } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { AdminGuard } from './guards';
import { Account } from './store';

@Controller('admin')
export class AdminController {
  constructor(@InjectRepository(Account) private readonly accounts: Repository<Account>) {}

  @Get('accounts')
  @UseGuards(AdminGuard)
  listed() {
    return this.accounts.find({ select: { id: true, email: true, role: true } });
  }

  @Delete('accounts/:id')
  @HttpCode(204)
  async remove(@Param('id', ParseIntPipe) id: number) {
    await this.accounts.delete({ id });
  }
}
