namespace ProtoBridgeMQ.Broker.Filters.Sql;

/// <summary>The part of the grammar that compares.</summary>
internal sealed class SqlRelations(SqlParser parser, SqlWriter writer)
{
    private static readonly SqlOperand Boolean = new(SqlOperandKind.Boolean);

    /// <summary>A comparison, and whether it equals others.</summary>
    public SqlOperand Equality()
    {
        SqlOperand left = Comparison();
        while (true)
        {
            if (parser.Accept(SqlWord.Equal))
            {
                left = Equal(left);
            }
            else if (parser.Accept(SqlWord.NotEqual))
            {
                left = Equal(left);
                writer.Write(SqlOp.Not);
            }
            else if (parser.Accept(SqlWord.Is))
            {
                bool not = parser.Accept(SqlWord.Not);
                parser.Expect(SqlWord.Null);
                writer.Write(SqlOp.IsNull);
                Negate(not);
                left = Boolean;
            }
            else
            {
                return left;
            }
        }
    }

    private SqlOperand Equal(SqlOperand left)
    {
        SqlOperand right = Comparison();
        if (left.Kind == SqlOperandKind.Null || right.Kind == SqlOperandKind.Null)
        {
            throw parser.Wrong("NULL cannot be compared, IS NULL asks for it");
        }

        if (left.Kind == SqlOperandKind.Truth && right.IsConstant && !right.IsBoolean)
        {
            throw parser.Wrong("a truth value cannot be compared with a constant of another kind");
        }

        writer.Write(SqlOp.Equal);
        return Boolean;
    }

    private SqlOperand Comparison()
    {
        SqlOperand left = parser.Unary();
        while (true)
        {
            SqlOp? relation = parser.Next switch
            {
                SqlWord.Greater => SqlOp.Greater,
                SqlWord.GreaterOrEqual => SqlOp.GreaterOrEqual,
                SqlWord.Less => SqlOp.Less,
                SqlWord.LessOrEqual => SqlOp.LessOrEqual,
                _ => null,
            };
            if (relation is { } op)
            {
                parser.Accept(parser.Next);
                RequireComparable(left);
                CompareWithNext(op);
                left = Boolean;
                continue;
            }

            bool not = parser.Accept(SqlWord.Not);
            if (!Predicate(left, not))
            {
                return not ? throw parser.Unexpected() : left;
            }

            left = Boolean;
        }
    }

    private bool Predicate(SqlOperand left, bool not)
    {
        switch (parser.Next)
        {
            case SqlWord.Contains:
                Search(not ? SqlOp.NotContains : SqlOp.Contains);
                return true;
            case SqlWord.StartsWith:
                Search(not ? SqlOp.NotStartsWith : SqlOp.StartsWith);
                return true;
            case SqlWord.EndsWith:
                Search(not ? SqlOp.NotEndsWith : SqlOp.EndsWith);
                return true;
            case SqlWord.Between:
                Between(left, not);
                return true;
            case SqlWord.In:
                In(left, not);
                return true;
            default:
                return false;
        }
    }

    private void Search(SqlOp op)
    {
        parser.Accept(parser.Next);
        writer.Write(op, writer.Keep(parser.TextLiteral()));
    }

    // Reads the right side and compares. When the left one is unknown Apache does not look at the right one, which matters
    // only if computing that can fail: in parentheses or behind a sign.
    private SqlOperand CompareWithNext(SqlOp op)
    {
        int unknown = parser.Next is SqlWord.Name or SqlWord.Decimal or SqlWord.Float ? -1 : writer.WriteJump(SqlOp.JumpIfNull);
        SqlOperand right = parser.Unary();
        RequireComparable(right);
        writer.Write(op);
        if (unknown >= 0)
        {
            writer.Land(unknown);
        }

        return right;
    }

    // "a BETWEEN x AND y" is "a >= x AND a <= y", with NOT "a < x OR a > y": the second part only when the first does not decide.
    private void Between(SqlOperand value, bool not)
    {
        parser.Expect(SqlWord.Between);
        RequireComparable(value);
        writer.Write(SqlOp.Double);
        SqlOperand low = CompareWithNext(not ? SqlOp.Less : SqlOp.GreaterOrEqual);
        writer.Write(SqlOp.Swap);
        int decided = writer.WriteJump(not ? SqlOp.JumpIfTrueBelow : SqlOp.JumpIfFalseBelow);
        parser.Expect(SqlWord.And);
        SqlOperand high = CompareWithNext(not ? SqlOp.Greater : SqlOp.LessOrEqual);
        writer.Write(not ? SqlOp.Or : SqlOp.And);
        writer.Land(decided);
        bool upsideDown = low.IsConstant && high.IsConstant
            && SqlComparison.TryCompare(high.Number, default, low.Number, default, out int order) && order < 0;
        if (upsideDown && !not)
        {
            throw parser.Wrong("the first value of BETWEEN must be less than or equal to the second");
        }
    }

    private void In(SqlOperand left, bool not)
    {
        parser.Expect(SqlWord.In);
        if (left.Kind != SqlOperandKind.Property)
        {
            throw parser.Wrong("IN is expected behind a property");
        }

        parser.Expect(SqlWord.Open);
        List<string> texts = [];
        do
        {
            writer.Count(1);
            texts.Add(parser.TextLiteral());
        }
        while (parser.Accept(SqlWord.Comma));

        parser.Expect(SqlWord.Close);
        writer.Write(not ? SqlOp.NotIn : SqlOp.In, writer.Keep(texts));
    }

    private void RequireComparable(SqlOperand operand)
    {
        if (!operand.Compares)
        {
            throw parser.Wrong("only numbers and properties can be compared by size");
        }
    }

    private void Negate(bool not)
    {
        if (not)
        {
            writer.Write(SqlOp.Not);
        }
    }
}
