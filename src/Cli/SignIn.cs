using System.CommandLine;
using System.Net.Http.Headers;
using System.Text;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Cli;

/// <summary>
/// Who signs in: to the gateway by HTTP with a password, an API key or a token, to brokers with an access key of RocketMQ. Secrets come from a file or the
/// environment, never from the command line, which every process of the machine can read; and they are never written anywhere.
/// </summary>
internal sealed class SignIn
{
    public const string UserVariable = "PBMQ_USER";
    public const string PasswordVariable = "PBMQ_PASSWORD";
    public const string TokenVariable = "PBMQ_TOKEN";
    public const string AccessKeyVariable = "PBMQ_ACCESS_KEY";
    public const string SecretKeyVariable = "PBMQ_SECRET_KEY";

    private const int MaxSecret = 16 * 1024;

    private readonly Option<string> _user = Named("--user", "NAME", $"user of the gateway ({UserVariable}); the password is in {PasswordVariable}, or");
    private readonly Option<string> _passwordFile = Named("--password-file", "FILE", "the file whose first line is the password");
    private readonly Option<string> _tokenFile = Named("--token-file", "FILE", $"the file whose first line is an API key or a token (JWT) of the gateway ({TokenVariable} has it itself)");
    private readonly Option<string> _accessKey = Named("--access-key", "NAME", $"access key of brokers ({AccessKeyVariable}); its secret is in {SecretKeyVariable}, or");
    private readonly Option<string> _secretFile = Named("--secret-file", "FILE", "the file whose first line is the secret of the access key");

    public SignIn(RootCommand root)
    {
        foreach (Option<string> option in new[] { _user, _passwordFile, _tokenFile, _accessKey, _secretFile })
        {
            root.Options.Add(option);
        }
    }

    /// <summary>What requests to the gateway say of who sends them; null for nothing.</summary>
    public AuthenticationHeaderValue? Http(ParseResult parsed)
    {
        string? user = parsed.GetValue(_user) ?? Variable(UserVariable);
        string? password = Secret(parsed, _passwordFile, PasswordVariable);
        string? token = Secret(parsed, _tokenFile, TokenVariable);
        if (token is not null)
        {
            return user is null && token.All(static letter => letter is > ' ' and < '\x7f')
                ? new AuthenticationHeaderValue("Bearer", token)
                : throw CliException.Usage(user is null ? "The token has characters that no token has." : "Say a user with a password, or a token: not both.");
        }

        return (user, password) switch
        {
            (null, null) => null,
            ({ Length: > 0 }, not null) when !user.Contains(':', StringComparison.Ordinal)
                => new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"))),
            _ => throw CliException.Usage($"A user (--user, {UserVariable}; without a colon) and a password (--password-file, {PasswordVariable}) belong together."),
        };
    }

    /// <summary>Has requests to brokers signed.</summary>
    public void Sign(ParseResult parsed, ClientOptions client)
    {
        client.AccessKey = parsed.GetValue(_accessKey) ?? Variable(AccessKeyVariable);
        client.SecretKey = Secret(parsed, _secretFile, SecretKeyVariable);
        if (client.AccessKey is null != client.SecretKey is null)
        {
            throw CliException.Usage($"An access key (--access-key, {AccessKeyVariable}) and its secret (--secret-file, {SecretKeyVariable}) belong together.");
        }
    }

    private static Option<string> Named(string name, string value, string words) => new(name) { Description = words, HelpName = value, Recursive = true };

    private static string? Secret(ParseResult parsed, Option<string> file, string variable)
        => parsed.GetValue(file) is { } path ? FirstLine(file.Name, path) : Variable(variable);

    private static string FirstLine(string option, string path)
    {
        using var reader = new StreamReader(path);
        char[] buffer = new char[MaxSecret];
        int length = reader.ReadBlock(buffer);
        string line = buffer.AsSpan(0, length).ToString().Split('\n')[0].TrimEnd('\r');
        return line.Length is > 0 and < MaxSecret ? line : throw CliException.Usage($"The first line of the file of {option} is empty or too long.");
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
