using System.Text;

namespace ProtoBridgeMQ.Bridge.Access.Rules;

/// <summary>One rule of the rules file: whom it is for, what it allows or denies, and where.</summary>
/// <param name="Name">In words, for the audit: <c>rule 3</c>.</param>
/// <param name="IsAllow">Allow, or deny.</param>
/// <param name="Actions">What.</param>
/// <param name="Users">Names of users, <c>*</c> for all that proved who they are.</param>
/// <param name="Groups">Names of groups.</param>
/// <param name="Anonymous">Whether it is for clients that proved nothing.</param>
/// <param name="Clients">Client identifiers, with <c>*</c> for any text and <c>%u</c> for the user; empty for all.</param>
/// <param name="Topics">Topic filters with placeholders; empty for all topics.</param>
/// <remarks>Without users, groups and anonymous it is for everybody.</remarks>
internal sealed record AccessRule(
    string Name,
    bool IsAllow,
    AccessAction Actions,
    IReadOnlyList<string> Users,
    IReadOnlyList<string> Groups,
    bool Anonymous,
    IReadOnlyList<string> Clients,
    IReadOnlyList<TopicTemplate> Topics)
{
    /// <summary>Whether it says anything to this client.</summary>
    public bool IsFor(string user, IReadOnlyList<string> groups, bool isAnonymous, string clientId)
        => IsForWho(user, groups, isAnonymous) && IsForClient(user, clientId);

    private bool IsForWho(string user, IReadOnlyList<string> groups, bool isAnonymous)
    {
        if (Users.Count == 0 && Groups.Count == 0 && !Anonymous)
        {
            return true;
        }

        return isAnonymous ? Anonymous : Users.Contains("*") || Users.Contains(user, StringComparer.Ordinal) || Groups.Any(group => groups.Contains(group, StringComparer.Ordinal));
    }

    private bool IsForClient(string user, string clientId) => Clients.Count == 0 || Clients.Any(pattern => ClientPatterns.Matches(pattern, clientId, user));
}

/// <summary>A topic filter that may have the placeholders <c>%c</c> (client identifier) and <c>%u</c> (user).</summary>
internal sealed class TopicTemplate
{
    private const string Client = "%c";
    private const string User = "%u";

    private readonly string _text;
    private readonly byte[] _bytes;

    /// <summary>Reads a template; null when it is no topic filter.</summary>
    public static TopicTemplate? TryParse(string text)
        => TopicPatterns.IsFilter(Encoding.UTF8.GetBytes(text.Replace(Client, "c", StringComparison.Ordinal).Replace(User, "u", StringComparison.Ordinal)))
            ? new TopicTemplate(text)
            : null;

    private TopicTemplate(string text)
    {
        _text = text;
        _bytes = Encoding.UTF8.GetBytes(text);
        HasPlaceholder = text.Contains(Client, StringComparison.Ordinal) || text.Contains(User, StringComparison.Ordinal);
    }

    /// <summary>Whether it differs by client.</summary>
    public bool HasPlaceholder { get; }

    /// <summary>
    /// The filter for a client. A name with <c>/</c>, <c>+</c> or <c>#</c>, or none, would turn one level into others:
    /// an allowing rule has no filter then (null), a denying one any level in its place.
    /// </summary>
    public byte[]? Fill(string clientId, string user, bool isAllow)
    {
        if (!HasPlaceholder)
        {
            return _bytes;
        }

        string[] levels = _text.Split('/');
        for (int i = 0; i < levels.Length; i++)
        {
            bool safe = (!levels[i].Contains(Client, StringComparison.Ordinal) || IsLevel(clientId)) && (!levels[i].Contains(User, StringComparison.Ordinal) || IsLevel(user));
            if (!safe && isAllow)
            {
                return null;
            }

            levels[i] = safe ? FillLevel(levels[i], clientId, user) : "+";
        }

        return Encoding.UTF8.GetBytes(string.Join('/', levels));
    }

    /// <summary>In one pass: what is put in is not looked at again.</summary>
    private static string FillLevel(string level, string clientId, string user)
    {
        var filled = new StringBuilder(level.Length + clientId.Length);
        for (int i = 0; i < level.Length; i++)
        {
            char next = level[i] == '%' && i + 1 < level.Length ? level[i + 1] : '\0';
            if (next is 'c' or 'u')
            {
                filled.Append(next == 'c' ? clientId : user);
                i++;
            }
            else
            {
                filled.Append(level[i]);
            }
        }

        return filled.ToString();
    }

    private static bool IsLevel(string name) => name.Length > 0 && name.AsSpan().IndexOfAny("/+#\0") < 0;
}

/// <summary>Patterns of client identifiers: <c>*</c> stands for any text, <c>%u</c> for the user's name.</summary>
internal static class ClientPatterns
{
    /// <summary>Whether a client identifier is meant.</summary>
    public static bool Matches(string pattern, string clientId, string user)
    {
        if (pattern.Contains("%u", StringComparison.Ordinal) && user.Length == 0)
        {
            return false;
        }

        string[] parts = pattern.Split('*');
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = parts[i].Replace("%u", user, StringComparison.Ordinal);
        }

        if (parts.Length == 1)
        {
            return clientId.Equals(parts[0], StringComparison.Ordinal);
        }

        if (!clientId.StartsWith(parts[0], StringComparison.Ordinal) || clientId.Length < parts[0].Length + parts[^1].Length || !clientId.EndsWith(parts[^1], StringComparison.Ordinal))
        {
            return false;
        }

        ReadOnlySpan<char> rest = clientId.AsSpan(parts[0].Length, clientId.Length - parts[0].Length - parts[^1].Length);
        foreach (string part in parts.AsSpan(1, parts.Length - 2))
        {
            int at = rest.IndexOf(part, StringComparison.Ordinal);
            if (at < 0)
            {
                return false;
            }

            rest = rest[(at + part.Length)..];
        }

        return true;
    }
}
