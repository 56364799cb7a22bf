using System.Text;

namespace ProtoBridgeMQ.Broker.Filters.Sql;

/// <summary>Writes the steps of a program while the parser reads; counts what they need.</summary>
internal sealed class SqlWriter(int maxNodes)
{
    private readonly List<SqlStep> _steps = [];
    private readonly List<SqlValue> _constants = [];
    private readonly List<byte[][]> _lists = [];
    private readonly List<byte> _literals = [];
    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);
    private int _nodes;
    private int _stack;
    private int _mostStack;

    /// <summary>Where the next step goes.</summary>
    public int Here => _steps.Count;

    /// <summary>Writes a step that takes and puts as its kind says.</summary>
    public void Write(SqlOp op, int operand = 0)
    {
        Count(1);
        _steps.Add(new SqlStep(op, operand));
        _stack += op switch
        {
            SqlOp.Property or SqlOp.Constant or SqlOp.Double => 1,
            <= SqlOp.Or and >= SqlOp.Equal => -1,
            _ => 0,
        };
        _mostStack = Math.Max(_mostStack, _stack);
    }

    /// <summary>Writes a jump whose goal is not known yet; gives its place.</summary>
    public int WriteJump(SqlOp op)
    {
        Write(op);
        return _steps.Count - 1;
    }

    /// <summary>Lets a jump go to the next step.</summary>
    public void Land(int jump) => _steps[jump] = _steps[jump] with { Operand = _steps.Count };

    /// <summary>Writes the value of a property.</summary>
    public void WriteProperty(string name)
    {
        if (!_names.TryGetValue(name, out int index))
        {
            _names.Add(name, index = _names.Count);
        }

        Write(SqlOp.Property, index);
    }

    /// <summary>Keeps a constant; gives its place.</summary>
    public int Keep(SqlValue constant)
    {
        _constants.Add(constant);
        return _constants.Count - 1;
    }

    /// <summary>Keeps a text as constant; gives its place.</summary>
    public int Keep(string text)
    {
        int start = _literals.Count;
        _literals.AddRange(Encoding.UTF8.GetBytes(text));
        return Keep(new SqlValue(SqlKind.Literal, 0, start, _literals.Count - start));
    }

    /// <summary>Keeps a list; gives its place.</summary>
    public int Keep(List<string> texts)
    {
        _lists.Add(SortedBytes.Of(texts.Select(Encoding.UTF8.GetBytes)));
        return _lists.Count - 1;
    }

    /// <summary>Counts nodes against the limit.</summary>
    public void Count(int nodes)
    {
        _nodes += nodes;
        if (_nodes > maxNodes)
        {
            throw new FormatException($"it has more than {maxNodes} nodes");
        }
    }

    /// <summary>The finished program.</summary>
    public SqlProgram Build()
    {
        byte[][] names = SortedBytes.Of(_names.Keys.Select(Encoding.UTF8.GetBytes));
        int[] places = new int[_names.Count];
        foreach ((string name, int index) in _names)
        {
            places[index] = SortedBytes.Find(names, Encoding.UTF8.GetBytes(name));
        }

        return new SqlProgram
        {
            Steps = [.. _steps.Select(step => step.Op == SqlOp.Property ? step with { Operand = places[step.Operand] } : step)],
            Constants = [.. _constants],
            Literals = [.. _literals],
            Names = names,
            Lists = [.. _lists],
            StackSize = _mostStack,
        };
    }
}
