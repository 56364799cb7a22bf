using System.Collections.Frozen;

namespace ProtoBridgeMQ.Bridge.Access.Users;

/// <summary>The users, by name and by API key.</summary>
/// <remarks>Immutable.</remarks>
internal sealed class UserTable
{
    private readonly FrozenDictionary<string, User> _byName;
    private readonly FrozenDictionary<string, User> _byKey;

    public UserTable(IReadOnlyList<User> users)
    {
        _byName = users.ToFrozenDictionary(user => user.Name, StringComparer.Ordinal);
        var keys = new Dictionary<string, User>(StringComparer.Ordinal);
        foreach (User user in users)
        {
            foreach (ApiKey key in user.Keys)
            {
                keys.TryAdd(key.Digest, user);
            }
        }

        _byKey = keys.ToFrozenDictionary(StringComparer.Ordinal);
    }

    public static UserTable Empty { get; } = new([]);

    public int Count => _byName.Count;

    /// <summary>The user of that name; null when there is none, or it is disabled.</summary>
    public User? Find(string name) => _byName.TryGetValue(name, out User? user) && !user.IsDisabled ? user : null;

    /// <summary>The user of an API key; null when there is none, or it is disabled.</summary>
    public User? FindByKey(string key) => _byKey.TryGetValue(ApiKey.DigestOf(key), out User? user) && !user.IsDisabled ? user : null;
}
