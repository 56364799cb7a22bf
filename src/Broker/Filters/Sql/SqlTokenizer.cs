namespace ProtoBridgeMQ.Broker.Filters.Sql;

/// <summary>Cuts an expression into words, as RocketMQ's token manager does: the longest word that fits.</summary>
internal sealed class SqlTokenizer(string text)
{
    private static readonly Dictionary<string, SqlWord> Keywords = new(StringComparer.OrdinalIgnoreCase)
    {
        ["NOT"] = SqlWord.Not,
        ["AND"] = SqlWord.And,
        ["OR"] = SqlWord.Or,
        ["BETWEEN"] = SqlWord.Between,
        ["IN"] = SqlWord.In,
        ["TRUE"] = SqlWord.True,
        ["FALSE"] = SqlWord.False,
        ["NULL"] = SqlWord.Null,
        ["IS"] = SqlWord.Is,
        ["CONTAINS"] = SqlWord.Contains,
        ["STARTSWITH"] = SqlWord.StartsWith,
        ["ENDSWITH"] = SqlWord.EndsWith,
    };

    private static readonly Dictionary<string, SqlWord>.AlternateLookup<ReadOnlySpan<char>> KeywordsBySpan =
        Keywords.GetAlternateLookup<ReadOnlySpan<char>>();

    private int _at;

    /// <summary>The next word.</summary>
    /// <exception cref="FormatException">There is none that begins so.</exception>
    public SqlToken Next()
    {
        SkipBlanks();
        if (_at == text.Length)
        {
            return new SqlToken(SqlWord.End, _at, _at);
        }

        int start = _at;
        char first = text[start];
        SqlWord word = first switch
        {
            '\'' => Text(),
            '.' => Number(),
            _ when char.IsAsciiDigit(first) => Number(),
            _ when IsNamePart(first) => Name(),
            _ => Sign(first),
        };
        return new SqlToken(word, start, _at);
    }

    private static bool IsNamePart(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '$';

    private void SkipBlanks()
    {
        while (_at < text.Length)
        {
            if (text[_at] is ' ' or '\t' or '\n' or '\r' or '\f')
            {
                _at++;
                continue;
            }

            int end = EndOfComment();
            if (end < 0)
            {
                return;
            }

            _at = end;
        }
    }

    // A line comment needs its line end, else "a > --5" would be one; one at the very end is the parser's business.
    private int EndOfComment()
    {
        ReadOnlySpan<char> rest = text.AsSpan(_at);
        if (rest.StartsWith("--"))
        {
            int line = rest.IndexOfAny('\n', '\r');
            return line < 0 ? -1 : _at + line + 1;
        }

        if (!rest.StartsWith("/*"))
        {
            return -1;
        }

        int close = rest[2..].IndexOf("*/");
        return close < 0 ? throw new FormatException($"the comment at {_at} does not end") : _at + close + 4;
    }

    private SqlWord Text()
    {
        int start = _at++;
        while (true)
        {
            int quote = text.AsSpan(_at).IndexOf('\'');
            if (quote < 0)
            {
                throw new FormatException($"the text at {start} does not end");
            }

            _at += quote + 1;
            if (_at == text.Length || text[_at] != '\'')
            {
                return SqlWord.Text;
            }

            _at++;
        }
    }

    private SqlWord Name()
    {
        int start = _at;
        while (_at < text.Length && IsNamePart(text[_at]))
        {
            _at++;
        }

        return KeywordsBySpan.TryGetValue(text.AsSpan(start, _at - start), out SqlWord keyword) ? keyword : SqlWord.Name;
    }

    private SqlWord Number()
    {
        int start = _at;
        int digits = Digits(start);
        int end = digits;
        if (end < text.Length && text[end] == '.')
        {
            end = Digits(end + 1);
        }

        if (end == start + 1 && text[start] == '.')
        {
            throw new FormatException($"\".\" at {start} is not expected");
        }

        int exponent = Exponent(end);
        if (end > digits || exponent > end)
        {
            _at = exponent;
            return SqlWord.Float;
        }

        // A decimal has no zeros before it: what follows a 0 is a word of its own, as it is there.
        bool zero = text[start] == '0';
        _at = zero ? start + 1 : digits;
        _at += !zero && _at < text.Length && text[_at] is 'l' or 'L' ? 1 : 0;
        return SqlWord.Decimal;
    }

    private int Digits(int at)
    {
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }

        return at;
    }

    private int Exponent(int at)
    {
        if (at == text.Length || text[at] is not ('e' or 'E'))
        {
            return at;
        }

        int digits = at + 1 < text.Length && text[at + 1] is '+' or '-' ? at + 2 : at + 1;
        int end = Digits(digits);
        return end > digits ? end : at;
    }

    private SqlWord Sign(char first)
    {
        char second = _at + 1 < text.Length ? text[_at + 1] : '\0';
        (SqlWord word, int length) = (first, second) switch
        {
            ('<', '>') => (SqlWord.NotEqual, 2),
            ('<', '=') => (SqlWord.LessOrEqual, 2),
            ('<', _) => (SqlWord.Less, 1),
            ('>', '=') => (SqlWord.GreaterOrEqual, 2),
            ('>', _) => (SqlWord.Greater, 1),
            ('=', _) => (SqlWord.Equal, 1),
            ('(', _) => (SqlWord.Open, 1),
            (')', _) => (SqlWord.Close, 1),
            (',', _) => (SqlWord.Comma, 1),
            ('+', _) => (SqlWord.Plus, 1),
            ('-', _) => (SqlWord.Minus, 1),
            _ => throw new FormatException($"the character U+{(int)first:X4} at {_at} is not expected"),
        };
        _at += length;
        return word;
    }
}
