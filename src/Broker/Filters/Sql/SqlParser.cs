using System.Globalization;

namespace ProtoBridgeMQ.Broker.Filters.Sql;

/// <summary>
/// RocketMQ's grammar of selectors, by recursive descent; what is read is written as steps at once.
/// <code>
/// or         = and { OR and }
/// and        = equality { AND equality }
/// equality   = comparison { "=" comparison | "&lt;&gt;" comparison | IS [NOT] NULL }
/// comparison = unary { &gt; unary | ... | [NOT] CONTAINS text | [NOT] BETWEEN unary AND unary | [NOT] IN ( text {, text} ) }
/// unary      = { + | - | NOT } ( literal | name | "(" or ")" )
/// </code>
/// NOT binds closer than a comparison: <c>NOT a = 1</c> is <c>(NOT a) = 1</c>.
/// </summary>
internal sealed class SqlParser
{
    private readonly string _text;
    private readonly int _maxDepth;
    private readonly SqlTokenizer _tokens;
    private readonly SqlWriter _writer;
    private readonly SqlRelations _relations;
    private SqlToken _next;
    private int _depth;

    private SqlParser(string text, in SqlLimits limits)
    {
        _text = text;
        _maxDepth = limits.Depth;
        _tokens = new SqlTokenizer(text);
        _writer = new SqlWriter(limits.Nodes);
        _relations = new SqlRelations(this, _writer);
        _next = _tokens.Next();
    }

    /// <summary>The word that comes.</summary>
    public SqlWord Next => _next.Word;

    /// <summary>Compiles an expression.</summary>
    /// <exception cref="FormatException">It is none, or beyond a limit; the message says what and where.</exception>
    public static SqlProgram Compile(string text, in SqlLimits limits)
    {
        if (text.Length > limits.Length)
        {
            throw new FormatException($"it has {text.Length} characters, {limits.Length} are allowed");
        }

        var parser = new SqlParser(text, limits);
        parser.AsBoolean(parser.Or());

        // A comment at the very end needs no line end.
        if (parser.Next != SqlWord.End && !text.AsSpan(parser._next.Start).StartsWith("--"))
        {
            throw parser.Unexpected();
        }

        return parser._writer.Build();
    }

    /// <summary>Goes on if the word that comes is this one.</summary>
    public bool Accept(SqlWord word)
    {
        bool isIt = _next.Word == word;
        if (isIt)
        {
            _next = _tokens.Next();
        }

        return isIt;
    }

    /// <summary>Goes over this word.</summary>
    public void Expect(SqlWord word)
    {
        if (!Accept(word))
        {
            throw Unexpected();
        }
    }

    /// <summary>The word that comes is not one that could.</summary>
    public FormatException Unexpected() => Next == SqlWord.End
        ? new FormatException("it ends too early")
        : new FormatException($"\"{_text.AsSpan(_next.Start, Math.Min(40, _next.End - _next.Start))}\" at {_next.Start} is not expected");

    /// <summary>Something is wrong with what stands before the word that comes.</summary>
    public FormatException Wrong(string what) => new($"{what}, before {_next.Start}");

    /// <summary>A text, without its quotes.</summary>
    public string TextLiteral()
    {
        SqlToken token = _next;
        Expect(SqlWord.Text);
        return _text[(token.Start + 1)..(token.End - 1)].Replace("''", "'", StringComparison.Ordinal);
    }

    /// <summary>A value with the signs before it.</summary>
    public SqlOperand Unary()
    {
        if (++_depth > _maxDepth)
        {
            throw new FormatException($"it is deeper than {_maxDepth} at {_next.Start}");
        }

        SqlOperand operand;
        if (Accept(SqlWord.Plus))
        {
            operand = Unary();
        }
        else if (Accept(SqlWord.Minus))
        {
            Unary();
            _writer.Write(SqlOp.Negate);
            operand = new SqlOperand(SqlOperandKind.Signed);
        }
        else if (Accept(SqlWord.Not))
        {
            AsBoolean(Unary());
            _writer.Write(SqlOp.Not);
            operand = new SqlOperand(SqlOperandKind.Boolean);
        }
        else
        {
            operand = Primary();
        }

        _depth--;
        return operand;
    }

    private SqlOperand Or()
    {
        SqlOperand left = And();
        while (Accept(SqlWord.Or))
        {
            left = Join(left, SqlOp.JumpIfTrue, And, SqlOp.Or);
        }

        return left;
    }

    private SqlOperand And()
    {
        SqlOperand left = _relations.Equality();
        while (Accept(SqlWord.And))
        {
            left = Join(left, SqlOp.JumpIfFalse, _relations.Equality, SqlOp.And);
        }

        return left;
    }

    private SqlOperand Join(SqlOperand left, SqlOp jump, Func<SqlOperand> right, SqlOp join)
    {
        AsBoolean(left);
        int decided = _writer.WriteJump(jump);
        AsBoolean(right());
        _writer.Write(join);
        _writer.Land(decided);
        return new SqlOperand(SqlOperandKind.Boolean);
    }

    // A property alone is no truth value: it is known and false, or unknown.
    private void AsBoolean(SqlOperand operand)
    {
        if (operand.Kind == SqlOperandKind.Property)
        {
            _writer.Write(SqlOp.Cast);
        }
        else if (!operand.IsBoolean)
        {
            throw Wrong("a truth value is expected");
        }
    }

    private SqlOperand Primary()
    {
        SqlToken token = _next;
        if (Next == SqlWord.Text)
        {
            _writer.Write(SqlOp.Constant, _writer.Keep(TextLiteral()));
            return new SqlOperand(SqlOperandKind.Text);
        }

        if (Accept(SqlWord.Open))
        {
            SqlOperand inner = Or();
            Expect(SqlWord.Close);
            return inner;
        }

        _next = Next is SqlWord.Name or SqlWord.Decimal or SqlWord.Float or SqlWord.True or SqlWord.False or SqlWord.Null
            ? _tokens.Next()
            : throw Unexpected();
        ReadOnlySpan<char> word = _text.AsSpan(token.Start, token.End - token.Start);
        switch (token.Word)
        {
            case SqlWord.Name:
                _writer.WriteProperty(word.ToString());
                return new SqlOperand(SqlOperandKind.Property);
            case SqlWord.Decimal:
                return Constant(SqlOperandKind.Number, Whole(word));
            case SqlWord.Float:
                return Constant(SqlOperandKind.Number, Fraction(word));
            case SqlWord.Null:
                return Constant(SqlOperandKind.Null, SqlValue.Null);
            default:
                return Constant(SqlOperandKind.Truth, SqlValue.Of(token.Word == SqlWord.True));
        }
    }

    private SqlOperand Constant(SqlOperandKind kind, SqlValue value)
    {
        _writer.Write(SqlOp.Constant, _writer.Keep(value));
        return new SqlOperand(kind, value);
    }

    // What fits 32 bits is compared as 32 bits, with or without an L.
    private static SqlValue Whole(ReadOnlySpan<char> word)
    {
        if (!long.TryParse(word.TrimEnd("lL"), NumberStyles.None, CultureInfo.InvariantCulture, out long value))
        {
            throw new FormatException($"{word} is greater than {long.MaxValue}");
        }

        return value <= int.MaxValue ? SqlValue.Of((int)value) : SqlValue.Of(value);
    }

    // Apache's bounds: 0.0 is below the least double, so it is refused.
    private static SqlValue Fraction(ReadOnlySpan<char> word)
    {
        double value = double.Parse(word, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture);
        return value switch
        {
            > double.MaxValue => throw new FormatException($"{word} is greater than {double.MaxValue:R}"),
            < double.Epsilon => throw new FormatException($"{word} is less than {double.Epsilon:R}"),
            _ => SqlValue.Of(value),
        };
    }
}
