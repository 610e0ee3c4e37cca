import type { CallAnswer } from '../../contract/console.ts'

type Fields = CallAnswer<'decideChange'>['fields']

/** What stands and what would stand, field by field. What differs is said by sign and word too, not by colour alone. */
export const Diff = ({ fields, caption }: { readonly fields: Fields; readonly caption: string }) => (
  <table className="diff">
    <caption className="unseen">{caption}</caption>
    <thead>
      <tr>
        <th scope="col">Field</th>
        <th scope="col">Now</th>
        <th scope="col">Would become</th>
      </tr>
    </thead>
    <tbody>
      {fields.map(({ field, label, before, after }) => (
        <tr key={field} className={before === after ? 'same' : undefined}>
          <th scope="row">{label}</th>
          <td>
            {before === after ? (
              <Value value={before} />
            ) : (
              <del>
                <Value value={before} />
              </del>
            )}
          </td>
          <td>
            {before === after ? (
              'unchanged'
            ) : (
              <ins>
                <Value value={after} />
              </ins>
            )}
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)

const Value = ({ value }: { readonly value: Fields[number]['before'] }) => (value === null || value === '' ? <em>empty</em> : String(value))
