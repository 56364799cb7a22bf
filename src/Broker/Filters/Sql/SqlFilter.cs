using System.Buffers;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Broker.Filters.Sql;

/// <summary>An SQL92 expression over the properties of a message.</summary>
internal sealed class SqlFilter(string expression, SqlProgram program) : IMessageFilter
{
    private const int NamesOnStack = 64;

    public string ExpressionType => FilterCompiler.Sql;

    public string Expression { get; } = expression;

    public bool IsAll => false;

    public bool NeedsProperties => true;

    public int Cost { get; } = program.Cost;

    public bool MatchesHash(long tagHash) => true;

    // Only what is true passes: neither what is unknown nor what cannot be computed.
    public bool MatchesProperties(ReadOnlySpan<byte> properties) => TryEvaluate(properties, out SqlValue result) && result.IsTrue;

    /// <summary>Computes the expression for a message; false when that cannot be done.</summary>
    internal bool TryEvaluate(ReadOnlySpan<byte> properties, out SqlValue result)
    {
        if (program.Names.Length <= NamesOnStack)
        {
            Span<SqlValue> found = stackalloc SqlValue[program.Names.Length];
            return Run(properties, found, out result);
        }

        SqlValue[] rented = ArrayPool<SqlValue>.Shared.Rent(program.Names.Length);
        try
        {
            return Run(properties, rented.AsSpan(0, program.Names.Length), out result);
        }
        finally
        {
            ArrayPool<SqlValue>.Shared.Return(rented);
        }
    }

    private bool Run(ReadOnlySpan<byte> properties, Span<SqlValue> found, out SqlValue result)
    {
        found.Clear();
        Find(properties, found);
        Span<SqlValue> stack = stackalloc SqlValue[program.StackSize];
        return new SqlMachine(program, properties, found, stack).TryRun(out result);
    }

    // One walk for all names. Where one is there twice the last counts, as in a Java map.
    private void Find(ReadOnlySpan<byte> properties, Span<SqlValue> found)
    {
        PropertyTextReader reader = PropertyText.Read(properties);
        while (reader.MoveNext())
        {
            int place = SortedBytes.Find(program.Names, reader.Name);
            if (place >= 0)
            {
                properties.Overlaps(reader.Value, out int start);
                found[place] = new SqlValue(SqlKind.Property, 0, reader.Value.IsEmpty ? 0 : start, reader.Value.Length);
            }
        }
    }
}
