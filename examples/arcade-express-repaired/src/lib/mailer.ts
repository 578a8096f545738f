import { createTransport } from 'nodemailer';

export interface Mail {
  to: string;
  subject: string;
  text: string;
}

export interface Mailer {
  send(mail: Mail): Promise<void>;
}

/** Hands mail to the server of `SMTP_URL`. */
function smtpMailer(url: string): Mailer {
  const transport = createTransport(url);
  return {
    async send(mail) {
      await transport.sendMail({ from: 'arcade@localhost', ...mail });
    },
  };
}

/** Says what would be sent, where there is no mail server. */
const consoleMailer: Mailer = {
  async send(mail) {
    console.log(`mail to ${mail.to}: ${mail.subject}`);
  },
};

export const mailer = process.env.SMTP_URL ? smtpMailer(process.env.SMTP_URL) : consoleMailer;
