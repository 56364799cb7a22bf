namespace ProtoBridgeMQ.Broker.Filters.Sql;

/// <summary>
/// Runs a program over the properties of one message, in SQL's logic of true, false and unknown. Where Java would throw (a
/// text that is no number compared with one) the run ends without a result.
/// </summary>
internal ref struct SqlMachine
{
    private readonly SqlProgram _program;
    private readonly ReadOnlySpan<byte> _properties;
    private readonly ReadOnlySpan<SqlValue> _found;
    private readonly Span<SqlValue> _stack;
    private int _top = -1;

    public SqlMachine(SqlProgram program, ReadOnlySpan<byte> properties, ReadOnlySpan<SqlValue> found, Span<SqlValue> stack)
    {
        _program = program;
        _properties = properties;
        _found = found;
        _stack = stack;
    }

    /// <summary>Runs to the end; false when the expression cannot be computed for this message.</summary>
    public bool TryRun(out SqlValue result)
    {
        ReadOnlySpan<SqlStep> steps = _program.Steps;
        for (int at = 0; at < steps.Length;)
        {
            SqlStep step = steps[at++];
            if (step.Op >= SqlOp.JumpIfFalse)
            {
                at = Jumps(step.Op) ? step.Operand : at;
            }
            else if (!Take(step))
            {
                result = SqlValue.Null;
                return false;
            }
        }

        result = _stack[0];
        return true;
    }

    private bool Take(SqlStep step)
    {
        switch (step.Op)
        {
            case SqlOp.Property:
                _stack[++_top] = _found[step.Operand];
                return true;
            case SqlOp.Constant:
                _stack[++_top] = _program.Constants[step.Operand];
                return true;
            case SqlOp.Double:
                _stack[_top + 1] = _stack[_top];
                _top++;
                return true;
            case SqlOp.Swap:
                (_stack[_top], _stack[_top - 1]) = (_stack[_top - 1], _stack[_top]);
                return true;
            case <= SqlOp.LessOrEqual:
                return Compare(step.Op);
            case <= SqlOp.Or:
                Join(step.Op == SqlOp.And);
                return true;
            default:
                _stack[_top] = One(step, _stack[_top]);
                return true;
        }
    }

    private bool Jumps(SqlOp op)
    {
        if (op <= SqlOp.JumpIfNull)
        {
            SqlValue top = _stack[_top];
            return op switch { SqlOp.JumpIfFalse => top.IsFalse, SqlOp.JumpIfTrue => top.IsTrue, _ => top.IsNull };
        }

        SqlValue below = _stack[_top - 1];
        bool jumps = op == SqlOp.JumpIfFalseBelow ? below.IsFalse : below.IsTrue;
        _top -= jumps ? 1 : 0;
        return jumps;
    }

    private bool Compare(SqlOp op)
    {
        SqlValue right = _stack[_top--];
        ref SqlValue left = ref _stack[_top];
        ReadOnlySpan<byte> leftText = TextOf(left);
        ReadOnlySpan<byte> rightText = TextOf(right);
        if (op == SqlOp.Equal)
        {
            return SqlComparison.TryEqual(left, leftText, right, rightText, out left);
        }

        if (left.IsNull || right.IsNull)
        {
            left = SqlValue.Null;
            return true;
        }

        if (!SqlComparison.TryCompare(left, leftText, right, rightText, out int order))
        {
            return false;
        }

        left = SqlValue.Of(op switch
        {
            SqlOp.Greater => order > 0,
            SqlOp.GreaterOrEqual => order >= 0,
            SqlOp.Less => order < 0,
            _ => order <= 0,
        });
        return true;
    }

    private void Join(bool and)
    {
        SqlValue right = _stack[_top--];
        SqlValue left = _stack[_top];
        bool decided = and ? left.IsFalse || right.IsFalse : left.IsTrue || right.IsTrue;
        _stack[_top] = decided ? SqlValue.Of(!and) : left.IsNull || right.IsNull ? SqlValue.Null : SqlValue.Of(and);
    }

    private readonly SqlValue One(SqlStep step, in SqlValue value) => step.Op switch
    {
        SqlOp.IsNull => SqlValue.Of(value.IsNull),
        SqlOp.Negate => Negate(value),
        _ when step.Op >= SqlOp.Contains => SqlValue.Of(Holds(step, value)),
        _ when value.IsNull => SqlValue.Null,
        SqlOp.Not => SqlValue.Of(value.IsFalse),
        SqlOp.Cast => SqlValue.Of(value.IsTrue),
        _ => SqlValue.Of(SortedBytes.Find(_program.Lists[step.Operand], TextOf(value)) >= 0 != (step.Op == SqlOp.NotIn)),
    };

    // Without a text, and for the empty literal, both the form with NOT and the one without are false.
    private readonly bool Holds(SqlStep step, in SqlValue value)
    {
        ReadOnlySpan<byte> literal = TextOf(_program.Constants[step.Operand]);
        if (!value.IsText || literal.IsEmpty)
        {
            return false;
        }

        ReadOnlySpan<byte> text = TextOf(value);
        return step.Op switch
        {
            SqlOp.Contains => text.IndexOf(literal) >= 0,
            SqlOp.NotContains => text.IndexOf(literal) < 0,
            SqlOp.StartsWith => text.StartsWith(literal),
            SqlOp.NotStartsWith => !text.StartsWith(literal),
            SqlOp.EndsWith => text.EndsWith(literal),
            _ => !text.EndsWith(literal),
        };
    }

    private static SqlValue Negate(in SqlValue value) => value.Kind switch
    {
        SqlKind.Int => SqlValue.Of(unchecked(-(int)value.Bits)),
        SqlKind.Long => SqlValue.Of(unchecked(-value.Bits)),
        SqlKind.Double => SqlValue.Of(-value.Number),
        _ => SqlValue.Null,
    };

    private readonly ReadOnlySpan<byte> TextOf(in SqlValue value) => value.Kind switch
    {
        SqlKind.Property => _properties.Slice(value.Start, value.Length),
        SqlKind.Literal => _program.Literals.AsSpan(value.Start, value.Length),
        _ => default,
    };
}
