namespace ProtoBridgeMQ.Broker.Filters.Sql;

/// <summary>A compiled expression: steps in the order in which a stack machine takes them, jumps only forward.</summary>
internal sealed class SqlProgram
{
    public required SqlStep[] Steps { get; init; }

    public required SqlValue[] Constants { get; init; }

    /// <summary>The texts of the expression, UTF-8, one after the other.</summary>
    public required byte[] Literals { get; init; }

    /// <summary>Names of the properties, sorted by their bytes.</summary>
    public required byte[][] Names { get; init; }

    /// <summary>Lists of IN, each sorted by its bytes.</summary>
    public required byte[][][] Lists { get; init; }

    /// <summary>Most values on the stack at a time.</summary>
    public required int StackSize { get; init; }

    /// <summary>What a run costs, at most, in steps.</summary>
    public int Cost => Steps.Length + (2 * Names.Length) + (Literals.Length / 8) + 8;
}
