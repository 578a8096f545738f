import { removeNote, renameNote } from './actions';

export default function Page() {
  return (
    <form action={removeNote}>
      <button formAction={renameNote}>rename</button>
    </form>
  );
}
