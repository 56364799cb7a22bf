using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Remoting.Headers;

/// <summary>A header field is missing, or is not what its name promises.</summary>
public sealed class HeaderFieldException : RemotingException
{
    private HeaderFieldException(string field, string message)
        : base(ResponseCode.SystemError, message) => Field = field;

    /// <summary>The field's name as it stands on the wire.</summary>
    public string Field { get; }

    /// <summary>A field that the command requires is not there.</summary>
    public static HeaderFieldException Missing(string field) =>
        new(field, $"the custom field <{field}> is null");

    /// <summary>A field's text is not of the expected type.</summary>
    public static HeaderFieldException Malformed(string field, string expected) =>
        new(field, $"the custom field <{field}> is not {expected}");
}
