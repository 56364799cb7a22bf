using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ProtoBridgeMQ.Bridge.Access.Users;

/// <summary>A key that stands for a user: a random text of which the digest is kept.</summary>
/// <param name="Name">What it is for.</param>
/// <param name="Digest">SHA-256 of it, in hex.</param>
public sealed record ApiKey(string Name, string Digest)
{
    private const string Prefix = "pbk_";

    /// <summary>A new key: its text, which is not kept, and what is kept.</summary>
    public static (string Text, ApiKey Key) Create(string name)
    {
        string text = Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).Replace('+', '-').Replace('/', '_').TrimEnd('=');
        return (text, new ApiKey(name, DigestOf(text)));
    }

    /// <summary>Whether a text can be one.</summary>
    public static bool IsKey(string text) => text.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>What is kept of a key. It has 256 random bits, so that no slow hash is needed.</summary>
    public static string DigestOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

/// <summary>One user of the users file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Password">Its password's hash; null when it has none.</param>
/// <param name="Groups">The groups it is in.</param>
/// <param name="Keys">Its API keys.</param>
/// <param name="IsDisabled">Whether it is kept out.</param>
public sealed record User(string Name, PasswordHash? Password, IReadOnlyList<string> Groups, IReadOnlyList<ApiKey> Keys, bool IsDisabled = false);

/// <summary>
/// The users file:
/// <code>
/// { "users": [ { "name": "ada", "password": "SCRAM-SHA-256$...", "groups": ["ops"], "disabled": false,
///                "apiKeys": [ { "name": "ci", "sha256": "..." } ] } ] }
/// </code>
/// </summary>
public static class UserFile
{
    /// <summary>Reads it.</summary>
    /// <exception cref="AccessFileException">It is no users file; the message says where.</exception>
    public static IReadOnlyList<User> Parse(string path, ReadOnlyMemory<byte> text, int maxUsers)
    {
        using JsonDocument document = JsonFile.Parse(path, text);
        JsonFile.Check(path, "the file", document.RootElement, "users");
        List<User> users = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (JsonElement element in JsonFile.Items(path, "the file", document.RootElement, "users"))
        {
            if (users.Count >= maxUsers)
            {
                throw new AccessFileException(path, $"it has more than {maxUsers} users (access.maxUsers)");
            }

            User user = Read(path, $"user {users.Count + 1}", element);
            users.Add(names.Add(user.Name) ? user : throw new AccessFileException(path, $"user {user.Name} is there twice"));
        }

        return users;
    }

    /// <summary>Writes it: a new file beside it takes its place, readable for its owner only.</summary>
    public static void Write(string path, IReadOnlyList<User> users)
    {
        var text = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(text, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("users"u8);
            foreach (User user in users)
            {
                Write(writer, user);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        string beside = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var file = new FileStream(beside, options))
        {
            file.Write(text.WrittenSpan);
            file.Write("\n"u8);
            file.Flush(flushToDisk: true);
        }

        File.Move(beside, path, overwrite: true);
    }

    /// <summary>Whether a user may be called so: 1 to 256 characters, none of which means something in a topic filter or in Basic.</summary>
    public static bool IsName(string name) => name.Length is > 0 and <= 256 && name.AsSpan().IndexOfAny("/+#:*") < 0 && !name.Any(char.IsControl);

    private static User Read(string path, string place, JsonElement element)
    {
        JsonFile.Check(path, place, element, "name", "password", "groups", "disabled", "apiKeys");
        string? name = JsonFile.Text(path, place, element, "name");
        if (name is null || !IsName(name))
        {
            throw new AccessFileException(path, $"{place}: name must have 1 to 256 characters, none of / + # : * among them");
        }

        PasswordHash? password = null;
        if (JsonFile.Text(path, place, element, "password") is { } hash)
        {
            password = PasswordHash.TryParse(hash) ?? throw new AccessFileException(path, $"{place} ({name}): password is neither SCRAM-SHA-256$... nor $7$...");
        }

        List<ApiKey> keys = [];
        foreach (JsonElement key in JsonFile.Items(path, place, element, "apiKeys"))
        {
            JsonFile.Check(path, place, key, "name", "sha256");
            string? digest = JsonFile.Text(path, place, key, "sha256");
            keys.Add(digest is { Length: 64 } && digest.All(char.IsAsciiHexDigit)
                ? new ApiKey(JsonFile.Text(path, place, key, "name") ?? string.Empty, digest.ToLowerInvariant())
                : throw new AccessFileException(path, $"{place} ({name}): sha256 of an API key must be 64 hex digits"));
        }

        return new User(name, password, JsonFile.Texts(path, place, element, "groups"), keys, JsonFile.Flag(path, place, element, "disabled"));
    }

    private static void Write(Utf8JsonWriter writer, User user)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, user.Name);
        if (user.Password is not null)
        {
            writer.WriteString("password"u8, user.Password.Text);
        }

        writer.WriteStartArray("groups"u8);
        foreach (string group in user.Groups)
        {
            writer.WriteStringValue(group);
        }

        writer.WriteEndArray();
        if (user.IsDisabled)
        {
            writer.WriteBoolean("disabled"u8, true);
        }

        writer.WriteStartArray("apiKeys"u8);
        foreach (ApiKey key in user.Keys)
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, key.Name);
            writer.WriteString("sha256"u8, key.Digest);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
