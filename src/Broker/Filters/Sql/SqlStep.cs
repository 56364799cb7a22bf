namespace ProtoBridgeMQ.Broker.Filters.Sql;

/// <summary>One step of a compiled expression.</summary>
/// <param name="Op">What it does.</param>
/// <param name="Operand">A place: of a property's name, a constant, a list, or the step to go on at.</param>
internal readonly record struct SqlStep(SqlOp Op, int Operand = 0);

/// <summary>What steps do with the stack of values.</summary>
internal enum SqlOp : byte
{
    /// <summary>Puts the value of a property.</summary>
    Property,

    /// <summary>Puts a constant.</summary>
    Constant,

    /// <summary>Takes two, puts whether they are equal.</summary>
    Equal,

    /// <summary>Takes two, puts how they compare; so do the next three.</summary>
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,

    /// <summary>Takes two truth values, puts the one.</summary>
    And,
    Or,

    /// <summary>Takes one, puts one.</summary>
    Not,
    Cast,
    Negate,
    IsNull,

    /// <summary>Takes one, puts whether it is in a list.</summary>
    In,
    NotIn,

    /// <summary>Takes one, puts whether it has a literal in it.</summary>
    Contains,
    NotContains,
    StartsWith,
    NotStartsWith,
    EndsWith,
    NotEndsWith,

    /// <summary>Puts the top a second time.</summary>
    Double,

    /// <summary>Exchanges the two on top.</summary>
    Swap,

    /// <summary>Goes on elsewhere when the top is so; it stays.</summary>
    JumpIfFalse,
    JumpIfTrue,
    JumpIfNull,

    /// <summary>Goes on elsewhere when the one under the top is so, and takes the top.</summary>
    JumpIfFalseBelow,
    JumpIfTrueBelow,
}
