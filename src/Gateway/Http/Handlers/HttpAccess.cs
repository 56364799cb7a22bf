using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Session;

namespace ProtoBridgeMQ.Gateway.Http.Handlers;

/// <summary>
/// Access control of requests: who sent one (Basic, Bearer, client certificate), and whether it may publish, consume or
/// manage. The rules are those of MQTT: a topic and tag are judged by their MQTT name. Without access control null
/// rights are given, and everything is allowed.
/// </summary>
internal sealed class HttpAccess(AccessControl access)
{
    private const string Basic = "Basic ";
    private const string Bearer = "Bearer ";
    private const int LongestHeader = 24 * 1024;

    /// <summary>Whether nothing is set up.</summary>
    public bool IsOpen => access.IsOpen;

    /// <summary>Finds out who sent a request.</summary>
    /// <exception cref="RefusalException">401, or 429 when too many passwords are being checked.</exception>
    public ValueTask<ClientRights?> AuthenticateAsync(HttpContext context) => access.IsOpen ? default : FindAsync(context);

    /// <summary>Whether a message may be published.</summary>
    /// <exception cref="RefusalException">403.</exception>
    public void CheckPublish(HttpContext context, ClientRights? rights, in PublishMessage message)
    {
        if (rights is null)
            return;

        message.Properties.TryGet(PropertyNames.Tags, out ReadOnlySpan<byte> tag);
        byte[] name = NameOf(message.Topic, tag);
        Judge(context, rights, rights.MayPublish(name), "publish", name);
    }

    /// <summary>Whether a topic may be consumed with a tag expression; empty: with whatever filter the group has.</summary>
    /// <exception cref="RefusalException">403.</exception>
    public void CheckConsume(HttpContext context, ClientRights? rights, string topic, string filter)
    {
        if (rights is null)
            return;

        TagExpression tags = filter.Length == 0 ? TagExpression.All : TagExpression.Parse(filter);
        if (tags.IsAll)
            CheckConsume(context, rights, [.. NameOf(topic, default), .. "/#"u8]);

        foreach (ReadOnlyMemory<byte> tag in tags.Tags)
            CheckConsume(context, rights, NameOf(topic, tag.Span));
    }

    /// <summary>Whether a topic, or (null) everything, may be managed.</summary>
    /// <returns>Who asks, for logs.</returns>
    /// <exception cref="RefusalException">401 or 403.</exception>
    public async ValueTask<string> CheckManageAsync(HttpContext context, string? topic)
    {
        if (await AuthenticateAsync(context) is not { } rights)
            return Identity.Anonymous.Name;

        byte[] filter = topic is null ? "#"u8.ToArray() : [.. NameOf(topic, default), .. "/#"u8];
        Judge(context, rights, rights.MayManage(filter), "manage", filter);
        return rights.Identity.Name;
    }

    private static byte[] NameOf(string topic, ReadOnlySpan<byte> tag)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(topic);
        byte[] name = new byte[TopicMapping.MaxNameLength(bytes.Length, tag.Length)];
        int length = TopicMapping.WriteName(bytes, tag, name);
        return length >= 0 ? name[..length] : throw new BridgeException(BridgeError.TopicInvalid, "The topic and tag have no name.");
    }

    private void CheckConsume(HttpContext context, ClientRights rights, byte[] filter) => Judge(context, rights, rights.MayConsume(filter), "consume", filter);

    private void Judge(HttpContext context, ClientRights rights, Decision decision, string action, byte[] what)
    {
        if (decision.IsAllowed)
            return;

        access.Audit.Refused(action, rights.Identity.Name, "http", From(context), Encoding.UTF8.GetString(what), decision.Rule);
        throw new RefusalException(Problem.Forbidden, $"Access control does not let {rights.Identity.Name} {action} {Encoding.UTF8.GetString(what)}.");
    }

    private async ValueTask<ClientRights?> FindAsync(HttpContext context)
    {
        Credentials credentials = CredentialsOf(context);
        Authentication who = await access.AuthenticateAsync(credentials, context.RequestAborted);
        if (who.Identity is not null && context.Features.Get<HttpConnection>() is { } connection)
            connection.User = who.Identity.Name;
        if (who.Identity is { } identity)
            return access.RightsOf(identity, string.Empty);

        access.Audit.Refused("authenticate", credentials.UserName ?? "-", "http", From(context), context.Request.Path, who.Text);
        throw who.Rejection == Rejection.Busy
            ? new RefusalException(Problem.Busy, "Too many passwords are being checked; try again.")
            : new RefusalException(Problem.Unauthorized, "Say who you are: Basic with a user and its password, or Bearer with a token or an API key.");
    }

    private static Credentials CredentialsOf(HttpContext context)
    {
        string header = context.Request.Headers.Authorization.ToString();
        var credentials = new Credentials { Certificate = context.Connection.ClientCertificate };
        if (header.Length > LongestHeader)
            return credentials with { Bearer = string.Empty };
        if (header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
            return credentials with { Bearer = header[Bearer.Length..].Trim() };
        if (!header.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
            return header.Length == 0 ? credentials : credentials with { Bearer = string.Empty };

        byte[] pair = new byte[header.Length];
        int colon = -1;
        if (Convert.TryFromBase64String(header[Basic.Length..].Trim(), pair, out int length))
            colon = pair.AsSpan(0, length).IndexOf((byte)':');
        return colon < 0
            ? credentials with { UserName = string.Empty, Password = Array.Empty<byte>() }
            : credentials with { UserName = Encoding.UTF8.GetString(pair, 0, colon), Password = pair.AsMemory(colon + 1, length - colon - 1) };
    }

    private static string From(HttpContext context) => $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}";
}
