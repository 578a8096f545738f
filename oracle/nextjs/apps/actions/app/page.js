import { removeNote, renameNote } from './actions';

export default function Page() {
  async function addNote(form) {
    'use server';
    return { title: form.get('title') };
  }
  return (
    <form action={addNote}>
      <button formAction={removeNote}>remove</button>
      <button formAction={renameNote}>rename</button>
    </form>
  );
}
